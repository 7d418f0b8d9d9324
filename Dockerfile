# A worker with its browser. compose.yaml and deploy/kubernetes run it; docs/operations.md says how.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked && cp target/release/turnlock /turnlock

# The browser is Debian 12's, with the system that it is built for.
FROM debian:12.12-slim
# No version is pinned: a browser wants its security updates whenever the image is built.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates chromium-headless-shell fonts-liberation tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 turnlock \
    && useradd --uid 10001 --gid turnlock --no-create-home --home-dir /tmp --shell /usr/sbin/nologin turnlock \
    # Open to whoever the container runs as: where it is started, that may be another user.
    && install -d -m 1777 /var/lib/turnlock /var/lib/turnlock/artifacts
COPY --from=build /turnlock /usr/local/bin/turnlock

# turnlock.toml and the folder playbooks are found here.
WORKDIR /etc/turnlock
ENV HOME=/tmp XDG_DATA_HOME=/var/lib
# By its number, so that Kubernetes sees that it is not root.
USER 10001:10001

# tini waits for browsers whose parents have ended, and hands signals on.
ENTRYPOINT ["tini", "--", "turnlock"]
CMD ["worker"]
# The worker's own mail receiver answers, and so do database and broker.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["turnlock", "doctor", "inbox", "database", "queue"]
