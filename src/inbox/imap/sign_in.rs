//! How a user signs in: by a password or by an access token, as the server has it.

use async_imap::imap_proto::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::address::{ImapUrl, Method};
use super::connect::Abilities;
use super::error::Failed;
use super::wire::{Ended, Wire, quoted};

/// Signs in, by the first way that the server offers.
pub(super) async fn sign_in(
    wire: &mut Wire,
    url: &ImapUrl,
    secret: &SecretString,
    abilities: &Abilities,
    mut each: impl FnMut(&Response<'_>),
) -> Result<Ended, Failed> {
    let (mechanism, words) = match url.method {
        Method::XOAuth2 if abilities.has("AUTH=XOAUTH2") => ("XOAUTH2", xoauth2(&url.user, secret)),
        Method::XOAuth2 => {
            return Err(Failed::Lasting(
                "the server takes no access tokens (it offers no AUTH=XOAUTH2): use a password".to_owned(),
            ));
        }
        Method::Password if abilities.has("AUTH=PLAIN") => ("PLAIN", plain(&url.user, secret)),
        Method::Password if !abilities.has("LOGINDISABLED") => {
            let (user, password) = (quoted(&url.user), quoted(secret.expose_secret()));
            let command = Zeroizing::new(format!("LOGIN {} {}", *user, *password));
            return wire.run(&command, each).await;
        }
        Method::Password => {
            return Err(Failed::Lasting(
                "the server takes no passwords on this connection: use imaps://, or auth=xoauth2 with an \
                 access token"
                    .to_owned(),
            ));
        }
    };
    let mut words = Some(Zeroizing::new(STANDARD.encode(words.as_bytes())));
    let tag = if abilities.has("SASL-IR") {
        let words = words.take().unwrap_or_default();
        wire.add(&Zeroizing::new(format!("AUTHENTICATE {mechanism} {}", *words)))
    } else {
        wire.add(&format!("AUTHENTICATE {mechanism}"))
    };
    wire.flush().await?;
    loop {
        let response = wire.read().await?;
        if let Response::Continue(_) = response.parsed() {
            // The second time it says why a token is refused, and wants an empty line.
            wire.add_line(&words.take().unwrap_or_default());
            wire.flush().await?;
            continue;
        }
        each(response.parsed());
        if let Some(ended) = tag.ended_by(response.parsed()) {
            return Ok(ended);
        }
    }
}

/// RFC 4616.
fn plain(user: &str, password: &SecretString) -> Zeroizing<String> {
    Zeroizing::new(format!("\0{user}\0{}", password.expose_secret()))
}

/// Google's and Microsoft's.
fn xoauth2(user: &str, token: &SecretString) -> Zeroizing<String> {
    Zeroizing::new(format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose_secret()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_the_mechanisms_want_them() {
        let secret = SecretString::from("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
        assert_eq!(
            STANDARD.encode(xoauth2("someuser@example.com", &secret).as_bytes()),
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
        );
        assert_eq!(*plain("tim", &SecretString::from("tanstaaftanstaaf")), "\0tim\0tanstaaftanstaaf");
        assert_eq!(*quoted(r#"a"b\c"#), r#""a\"b\\c""#);
    }
}
