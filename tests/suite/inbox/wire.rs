//! A client without manners, and certificates.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use rcgen::{CertifiedKey, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;

pub trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Line for S {}

/// Says what it likes, and reads line by line.
pub struct Raw(BufReader<Box<dyn Line>>);

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    pub async fn connect_unix(path: &Path) -> Self {
        Self::over(UnixStream::connect(path).await.unwrap())
    }

    pub fn over(stream: impl Line + 'static) -> Self {
        Self(BufReader::new(Box::new(stream)))
    }

    pub async fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
        self.0.get_mut().flush().await.unwrap();
    }

    pub async fn read(&mut self) -> String {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).await.unwrap();
        assert!(read > 0, "the server closed the connection");
        line
    }

    pub async fn ask(&mut self, line: &str) -> String {
        self.say(&format!("{line}\r\n")).await;
        self.read().await
    }

    /// Asks, and reads an answer of several lines.
    pub async fn greet(&mut self, line: &str) -> String {
        let mut answer = self.ask(line).await;
        while answer.lines().last().unwrap().as_bytes()[3] == b'-' {
            answer.push_str(&self.read().await);
        }
        answer
    }

    /// All that comes before the server closes the connection.
    pub async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // A reset instead of an end comes where the server closed with input unread.
        let _ = self.0.read_to_end(&mut rest).await;
        String::from_utf8(rest).unwrap()
    }

    /// The last line before the server closes the connection.
    pub async fn last_words(&mut self) -> String {
        self.rest().await.lines().last().unwrap_or_default().to_owned()
    }

    /// Says that nothing more will be said.
    pub async fn end(&mut self) {
        self.0.get_mut().shutdown().await.unwrap();
    }

    /// Goes on within TLS.
    pub async fn secure(self, with: &SelfSigned) -> Self {
        assert!(self.0.buffer().is_empty());
        Self::over(with.connect(self.0.into_inner()).await)
    }
}

/// A certificate for `localhost`, made for one test.
pub struct SelfSigned {
    folder: tempfile::TempDir,
    made: CertifiedKey<KeyPair>,
}

impl SelfSigned {
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let files = Self { folder, made };
        files.write(&files.files());
        files
    }

    pub fn files(&self) -> TlsFiles {
        TlsFiles {
            certificate: self.folder.path().join("certificate.pem"),
            key: self.folder.path().join("key.pem"),
        }
    }

    /// Has another certificate lie where this one does.
    pub fn replace_by(&self, other: &Self) {
        other.write(&self.files());
    }

    fn write(&self, files: &TlsFiles) {
        fs::write(&files.key, pem("PRIVATE KEY", &self.made.signing_key.serialize_der())).unwrap();
        fs::write(&files.certificate, pem("CERTIFICATE", self.made.cert.der())).unwrap();
    }

    /// A client that trusts this certificate and no other.
    pub async fn connect<S: Line>(&self, stream: S) -> tokio_rustls::client::TlsStream<S> {
        let mut roots = RootCertStore::empty();
        roots.add(self.made.cert.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", data_encoding::BASE64.encode(der))
}
