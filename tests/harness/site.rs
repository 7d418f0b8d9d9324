//! A small web server that answers as a test tells it to, also in ways that no well-behaved app would.

use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What the browser asked for.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// In small letters.
    pub cookie: String,
    pub body: String,
}

/// What the server does about it.
pub enum Reply {
    /// An answer: status, further header lines, body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Yes at once, and what it is so much later.
    Late(String, std::time::Duration),
    /// A page of which the second piece comes so much later.
    Halting([String; 2], std::time::Duration),
    /// The connection is closed without a word.
    Cut,
    /// Nothing, for as long as the browser waits.
    Silence,
}

impl Reply {
    pub fn html(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }

    pub fn status(status: u16, body: impl Into<String>) -> Self {
        let body = format!("<!doctype html><meta charset=utf-8><title>Test</title>{}", body.into());
        Self::Answer(status, vec![("content-type", "text/html".into())], body)
    }

    pub fn redirect(status: u16, to: &str) -> Self {
        Self::Answer(status, vec![("location", to.into())], String::new())
    }
}

type Handler = Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// A server on a free loopback port. Dropping it closes it.
pub struct Site {
    port: u16,
    server: JoinHandle<()>,
    pub requests: mpsc::UnboundedReceiver<Request>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Site {
    /// The same page at every path.
    pub async fn page(html: &str) -> Self {
        let html = html.to_owned();
        Self::new(move |_| Reply::html(html.clone())).await
    }

    pub async fn new(handler: impl Fn(Request) -> Reply + Send + Sync + 'static) -> Self {
        let handler = Arc::new(handler);
        Self::with(move |request| {
            let handler = Arc::clone(&handler);
            Box::pin(async move { handler(request) })
        })
        .await
    }

    /// A server whose answers may wait for something.
    pub async fn with(
        handler: impl Fn(Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let handler: Handler = Arc::new(handler);
        let (seen, requests) = mpsc::unbounded_channel();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (handler, seen) = (Arc::clone(&handler), seen.clone());
                tokio::spawn(async move { drop(serve(stream, handler, seen).await) });
            }
        });
        Self { port, server, requests }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The same server under another host name, which is another site.
    pub fn other_site(&self) -> String {
        format!("http://localhost:{}", self.port)
    }
}

/// Answers one request, and closes the connection.
pub async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    handler: Handler,
    seen: mpsc::UnboundedSender<Request>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(()) };
    let (mut length, mut cookie) = (0, String::new());
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        } else if let Some(value) = line.strip_prefix("cookie:") {
            cookie = value.trim().to_owned();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let request = Request { method, path, cookie, body: String::from_utf8_lossy(&body).into_owned() };
    if request.path == "/favicon.ico" {
        return stream.write_all(b"HTTP/1.1 404 -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    }
    // A test that looks at no requests has dropped the other end.
    let _ = seen.send(request.clone());
    let answer = match handler(request).await {
        Reply::Answer(status, headers, body) => {
            let headers: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let length =
                if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
            format!("HTTP/1.1 {status} -\r\n{headers}{length}connection: close\r\n\r\n{body}")
        }
        Reply::Late(body, after) => {
            let head =
                format!("HTTP/1.1 200 -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await?;
            stream.flush().await?;
            tokio::time::sleep(after).await;
            body
        }
        Reply::Halting([first, second], after) => {
            let head = "HTTP/1.1 200 -\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n";
            stream.write_all(format!("{head}<!doctype html><meta charset=utf-8>{first}").as_bytes()).await?;
            stream.flush().await?;
            tokio::time::sleep(after).await;
            second
        }
        Reply::Cut => return Ok(()),
        Reply::Silence => return std::future::pending().await,
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
