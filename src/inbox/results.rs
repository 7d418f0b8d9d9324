//! What a mail server found out about who sent a mail (`Authentication-Results`, RFC 8601).

/// One header of a server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticationResults {
    /// The server, as it names itself.
    pub server: String,
    results: Vec<Result>,
}

/// `dkim=pass header.d=acme.example`
#[derive(Debug, Clone, PartialEq, Eq)]
struct Result {
    method: String,
    passed: bool,
    /// `header.d` and the like, with their values; all in lower case.
    properties: Vec<(String, String)>,
}

impl AuthenticationResults {
    /// Reads the header's value; `None` if it names no server.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let value = without_comments(value).to_lowercase();
        let mut parts = value.split(';');
        // A version may stand behind the name.
        let server = parts.next()?.split_whitespace().next()?.to_owned();
        Some(Self { server, results: parts.filter_map(result).collect() })
    }

    /// Whether the server found that the mail is from that domain: by DMARC, or by a signature or an envelope of that
    /// domain or of one that is aligned with it as DMARC has it in its relaxed form: one is the other's parent.
    #[must_use]
    pub fn vouches_for(&self, domain: &str) -> bool {
        let domain = domain.to_lowercase();
        let of = |result: &Result, name: &str| {
            let value = result.properties.iter().find(|(property, _)| property == name);
            value.map(|(_, value)| value.rsplit_once('@').map_or(value.as_str(), |(_, of)| of).to_owned())
        };
        let aligned = |other: Option<String>| other.is_some_and(|other| is_aligned(&other, &domain));
        if let Some(dmarc) = self.results.iter().find(|result| result.method == "dmarc") {
            return dmarc.passed && of(dmarc, "header.from").is_none_or(|from| from == domain);
        }
        self.results.iter().filter(|result| result.passed).any(|result| match result.method.as_str() {
            "dkim" => aligned(of(result, "header.d").or_else(|| of(result, "header.i"))),
            "spf" => aligned(of(result, "smtp.mailfrom")),
            _ => false,
        })
    }
}

fn result(part: &str) -> Option<Result> {
    let mut words = part.split_whitespace();
    let (method, verdict) = words.next()?.split_once('=')?;
    let method = method.split_once('/').map_or(method, |(method, _)| method);
    let properties = words.filter_map(|word| word.split_once('='));
    let properties = properties.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()));
    Some(Result { method: method.to_owned(), passed: verdict == "pass", properties: properties.collect() })
}

/// The same domain, or one of the two below the other. A domain of one label is nobody's.
fn is_aligned(one: &str, other: &str) -> bool {
    let below = |child: &str, parent: &str| {
        parent.contains('.') && child.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
    };
    one == other || below(one, other) || below(other, one)
}

/// Comments stand in brackets, which may nest.
fn without_comments(value: &str) -> String {
    let mut depth = 0_u32;
    let mut plain = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}
