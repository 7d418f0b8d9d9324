//! Which link of a mail is followed, and that a link reaches no job but the one that asked for it.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::time::Instant;
use turnlock::inbox::links::{AmbiguousLink, LinkHints};
use turnlock::inbox::{LinkNotReceived, LinkRequest, LinkTicket, Message, Senders};
use url::Url;
use uuid::Uuid;

use crate::harness::mailroom::{Mailroom, account_of, tick};

const ALICE: &str = "alice@accounts.example";
const BOB: &str = "bob@accounts.example";
const TOKEN: &str = "Zk3uQ9vX1rT7";

fn hints() -> LinkHints {
    let origin = |text: &str| Url::parse(text).unwrap().origin();
    LinkHints {
        origins: vec![origin("https://app.example"), origin("https://id.app.example")],
        containing: Vec::new(),
    }
}

fn containing(text: &str) -> LinkHints {
    LinkHints { containing: vec![text.to_owned()], ..hints() }
}

/// A mail as it comes over the wire.
fn mail(kind: &str, body: &str) -> Message {
    let raw = format!(
        "From: App <no-reply@app.example>\nTo: someone@else.example\nSubject: A message from App\n\
         List-Unsubscribe: <https://app.example/unsubscribe/u7Hq2Lm9>\nMIME-Version: 1.0\n\
         Content-Type: {kind}; charset=utf-8\n\n{body}"
    );
    Message::from_mail(ALICE, Timestamp::now(), raw.replace('\n', "\r\n").as_bytes())
}

fn html(body: &str) -> Message {
    mail("text/html", body)
}

fn plain(body: &str) -> Message {
    mail("text/plain", body)
}

fn both(text: &str, markup: &str) -> Message {
    let part = |kind: &str, body: &str| format!("--b\nContent-Type: text/{kind}; charset=utf-8\n\n{body}\n");
    mail(
        "multipart/alternative; boundary=b",
        &format!("{}{}--b--\n", part("plain", text), part("html", markup)),
    )
}

fn link(message: &Message, hints: &LinkHints) -> Result<Option<String>, AmbiguousLink> {
    Ok(message.link(hints)?.map(|link| link.url().to_string()))
}

#[track_caller]
fn assert_leads(message: &Message, to: &str) {
    assert_eq!(link(message, &hints()).unwrap().as_deref(), Some(to));
}

#[track_caller]
fn assert_leads_nowhere(message: &Message) {
    assert_eq!(link(message, &hints()), Ok(None));
}

#[test]
fn a_mail_with_a_button_and_all_that_a_mail_has_besides() {
    let message = html(
        r#"<html><head><title>Reset</title><style>a { color: #336699 }</style></head><body>
        <a href="https://app.example/"><img src="https://app.example/logo.png" alt="App" width=120></a>
        <h1>Reset your password</h1><p>Hello Alice, somebody asked for a new password.</p>
        <table><tr><td><a class=button style="padding: 12px" href="https://app.example/users/password/edit?reset_password_token=Zk3uQ9vX1rT7&amp;locale=en">Change my password</a></td></tr></table>
        <p>If you didn't request this, you can safely ignore this mail, or
        <a href="https://app.example/security/report/9fK2mQx81Lp">let us know</a>.</p>
        <footer><a href="https://app.example/help/articles/360012345-passwords">Help</a> ·
        <a href="https://app.example/privacy">Privacy</a> · <a href="https://twitter.example/app">Twitter</a> ·
        <a href="https://app.example/email/unsubscribe?u=8812fa7c90">Unsubscribe</a></footer>
        <img src="https://app.example/open/8f1c2a7b.gif" width=1 height=1></body></html>"#,
    );
    assert_leads(
        &message,
        "https://app.example/users/password/edit?reset_password_token=Zk3uQ9vX1rT7&locale=en",
    );
}

#[test]
fn the_same_link_as_button_as_text_and_in_the_plain_part_counts_once() {
    let address = format!("https://app.example/reset/{TOKEN}");
    let message = both(
        &format!("Reset your password:\n\n{address}\n\nNeed help? https://app.example/help"),
        &format!(
            "<p><a href='{address}?utm_source=mail&amp;utm_medium=button'>Reset password</a></p>\
             <p>Or copy this address: <a href='{address}'>{address}</a></p><p>{}…</p>",
            &address[..30]
        ),
    );
    assert_leads(&message, &address);
}

#[test]
fn a_plain_mail_in_english() {
    let message = plain(
        "Hi alice,\n\nYou're receiving this because you asked for a password reset for your account at App.\n\n\
         Please go to the following page and choose a new password:\n\n\
         https://id.app.example/accounts/password/reset/key/1-d1ck9p-3fa1b7/\n\n\
         If you did not make this request, see https://app.example/security/9fK2mQx81Lp.\n\n\
         Thanks!\nhttps://app.example\n",
    );
    assert_leads(&message, "https://id.app.example/accounts/password/reset/key/1-d1ck9p-3fa1b7/");
}

#[test]
fn a_plain_mail_in_quoted_printable() {
    let raw = "From: app@app.example\nContent-Type: text/plain; charset=utf-8\n\
               Content-Transfer-Encoding: quoted-printable\n\nReset: <https://app.example/reset?token=3D=\n\
               Zk3uQ9vX1rT7&id=3D17>.\n";
    let message = Message::from_mail(ALICE, Timestamp::now(), raw.replace('\n', "\r\n").as_bytes());
    assert_leads(&message, "https://app.example/reset?token=Zk3uQ9vX1rT7&id=17");
}

#[test]
fn german() {
    let message = html(
        "<p>Hallo Alice,</p><p>um Ihr Passwort zurückzusetzen, klicken Sie auf diesen Knopf:</p>\
         <p><a href='https://app.example/konto/Zk3uQ9vX1rT7'>Passwort zurücksetzen</a></p>\
         <p>Sie haben das nicht angefordert? <a href='https://app.example/konto/sperren/9fK2mQx81Lp'>Konto sperren</a></p>\
         <p><a href='https://app.example/k/Ab12Cd34'>Impressum</a> <a href='https://app.example/n/Ab12Cd35'>Newsletter abbestellen</a></p>",
    );
    assert_leads(&message, "https://app.example/konto/Zk3uQ9vX1rT7");
}

#[test]
fn french() {
    let message = plain(
        "Bonjour,\n\nCliquez ici pour réinitialiser votre mot de passe : https://app.example/m/Zk3uQ9vX1rT7\n\n\
         Ce n'est pas vous ? https://app.example/m/9fK2mQx81Lp\n\nSe désabonner : https://app.example/m/Ab12Cd34\n\
         Aide : https://app.example/m/Ab12Cd35\n",
    );
    assert_leads(&message, "https://app.example/m/Zk3uQ9vX1rT7");
}

#[test]
fn spanish_and_portuguese() {
    let message = html(
        "<p>Hola:</p><a href='https://app.example/x/Zk3uQ9vX1rT7'>Restablecer contraseña</a>\
         <p>¿No fuiste tú? <a href='https://app.example/x/9fK2mQx81Lp'>Avísanos</a>.</p>\
         <a href='https://app.example/x/Ab12Cd34'>Centro de ayuda</a>",
    );
    assert_leads(&message, "https://app.example/x/Zk3uQ9vX1rT7");
    let message = html(
        "<a href='https://app.example/x/Zk3uQ9vX1rT7'>Redefinir senha</a>\
         <p>Não foi você? <a href='https://app.example/x/9fK2mQx81Lp'>Avise-nos</a>.</p>\
         <a href='https://app.example/x/Ab12Cd34'>Política de privacidade</a>",
    );
    assert_leads(&message, "https://app.example/x/Zk3uQ9vX1rT7");
}

#[test]
fn italian_and_dutch() {
    let message = plain(
        "Per reimpostare la password, apri https://app.example/i/Zk3uQ9vX1rT7. \
         Se non sei stato tu, apri https://app.example/i/9fK2mQx81Lp. Assistenza: https://app.example/i/Ab12Cd34\n",
    );
    assert_leads(&message, "https://app.example/i/Zk3uQ9vX1rT7");
    let message = plain(
        "Stel hier je nieuwe wachtwoord in:\nhttps://app.example/i/Zk3uQ9vX1rT7\n\n\
         Niet aangevraagd? https://app.example/i/9fK2mQx81Lp\nAfmelden: https://app.example/i/Ab12Cd34\n",
    );
    assert_leads(&message, "https://app.example/i/Zk3uQ9vX1rT7");
}

#[test]
fn polish_turkish_and_russian() {
    for text in [
        "Zresetuj hasło: https://app.example/i/Zk3uQ9vX1rT7\nTo nie ty? https://app.example/i/9fK2mQx81Lp\nPomoc: https://app.example/i/Ab12Cd34",
        "Şifrenizi sıfırlayın: https://app.example/i/Zk3uQ9vX1rT7\nSiz değilseniz: https://app.example/i/9fK2mQx81Lp\nYardım: https://app.example/i/Ab12Cd34",
        "Сбросить пароль: https://app.example/i/Zk3uQ9vX1rT7\nЭто были не вы? https://app.example/i/9fK2mQx81Lp\nОтписаться: https://app.example/i/Ab12Cd34",
    ] {
        assert_leads(&plain(text), "https://app.example/i/Zk3uQ9vX1rT7");
    }
}

#[test]
fn chinese_japanese_and_korean() {
    for text in [
        "请点击以下链接重置密码：https://app.example/i/Zk3uQ9vX1rT7。\n如果不是您本人操作，请点击https://app.example/i/9fK2mQx81Lp。\n退订：https://app.example/i/Ab12Cd34",
        "パスワードを再設定するには、次のリンクを開いてください。\nhttps://app.example/i/Zk3uQ9vX1rT7\n\nお心当たりのない場合：https://app.example/i/9fK2mQx81Lp\nヘルプ：https://app.example/i/Ab12Cd34",
        "비밀번호 재설정: https://app.example/i/Zk3uQ9vX1rT7\n본인이 아니라면: https://app.example/i/9fK2mQx81Lp\n고객센터: https://app.example/i/Ab12Cd34",
    ] {
        assert_leads(&plain(text), "https://app.example/i/Zk3uQ9vX1rT7");
    }
}

#[test]
fn a_sign_in_link_beside_one_to_the_sign_in_page() {
    let message = html(
        "<a href='https://app.example/magic?token=Zk3uQ9vX1rT7'>Sign in to App</a>\
         <p>Or go to <a href='https://app.example/login'>the sign-in page</a>.</p>",
    );
    assert_leads(&message, "https://app.example/magic?token=Zk3uQ9vX1rT7");
}

#[test]
fn a_single_page_app_whose_token_is_behind_the_hash() {
    let message = html("<a href='https://app.example/#/reset/Zk3uQ9vX1rT7'>Choose a new password</a>");
    assert_leads(&message, "https://app.example/#/reset/Zk3uQ9vX1rT7");
}

#[test]
fn the_address_shows_what_a_counted_link_hides() {
    let message = html(
        "<p>Reset your password: <a href='https://click.mailer.example/c/AbCdEf123456'>\
         https://app.example/reset/Zk3uQ9vX1rT7</a></p>",
    );
    assert_leads(&message, "https://app.example/reset/Zk3uQ9vX1rT7");
}

#[test]
fn a_link_that_leads_elsewhere_is_never_taken() {
    for address in [
        "https://evil.example/reset/Zk3uQ9vX1rT7",
        "https://app.example.evil.example/reset/Zk3uQ9vX1rT7",
        "https://app.example@evil.example/reset/Zk3uQ9vX1rT7",
        "https://app.example:8443/reset/Zk3uQ9vX1rT7",
        "http://app.example/reset/Zk3uQ9vX1rT7",
        "//app.example/reset/Zk3uQ9vX1rT7",
        "javascript:location='https://app.example/reset/Zk3uQ9vX1rT7'",
    ] {
        assert_leads_nowhere(&html(&format!("<a href=\"{address}\">Reset password</a>")));
    }
    for address in
        ["https://evil.example/?https://app.example/reset/Zk3uQ9vX1rT7", "http://app.example/reset/x1y2z3"]
    {
        assert_leads_nowhere(&plain(&format!("Reset password: {address}")));
    }
}

#[test]
fn what_is_the_same_for_everybody_is_no_mailed_link() {
    let message = html(
        "<a href='https://app.example'>App</a> <a href='https://app.example/?utm_campaign=reset'>Reset password</a>\
         <a href='https://app.example/login'>Sign in</a> <a href='https://app.example/passwords.pdf?v=Ab12Cd34'>Password tips</a>\
         <a href='https://app.example/support/tickets/Ab12Cd34'>Support</a>",
    );
    assert_leads_nowhere(&message);
    assert_leads_nowhere(&plain("Your password was changed. Not you? https://app.example/lock/Zk3uQ9vX1rT7"));
    assert_leads_nowhere(&plain("Your code is 482915."));
}

#[test]
fn two_that_could_be_meant_are_not_chosen_from() {
    let message = html(
        "<a href='https://app.example/a/Zk3uQ9vX1rT7'>Confirm</a> <a href='https://app.example/a/9fK2mQx81Lp'>Verify</a>",
    );
    let error = link(&message, &hints()).unwrap_err();
    assert_eq!(error, AmbiguousLink { links: 2 });
    assert_eq!(error.to_string(), "2 different links in the message could be the one");
    for (text, token) in [("verify", "9fK2mQx81Lp"), ("CONFIRM", "Zk3uQ9vX1rT7"), ("/a/9fK2", "9fK2mQx81Lp")]
    {
        let found = link(&message, &containing(text)).unwrap();
        assert_eq!(found, Some(format!("https://app.example/a/{token}")), "{text}");
    }
    assert_eq!(link(&message, &containing("Sign in")), Ok(None));
    assert_eq!(link(&message, &containing("app.example/a")), Err(AmbiguousLink { links: 2 }));
}

#[test]
fn a_playbook_may_ask_for_what_is_not_followed_by_itself() {
    let message = plain(
        "New sign-in.\nNot you? https://app.example/lock/Zk3uQ9vX1rT7\nUnsubscribe: https://app.example/u/1",
    );
    assert_leads_nowhere(&message);
    assert_eq!(
        link(&message, &containing("not you")).unwrap().as_deref(),
        Some("https://app.example/lock/Zk3uQ9vX1rT7")
    );
    assert_eq!(link(&message, &containing("Unsubscribe")), Ok(None));
}

#[test]
fn a_message_and_its_link_print_nothing_of_it() {
    let message = plain(&format!("Reset: https://app.example/reset/{TOKEN}?next=%2Fhome"));
    let found = message.link(&hints()).unwrap().unwrap();
    assert!(!format!("{message:?} {found:?}").contains(TOKEN));
    let secrets: Vec<_> = found.secrets().iter().map(|secret| secret.expose_secret().to_owned()).collect();
    assert_eq!(
        secrets,
        [
            format!("https://app.example/reset/{TOKEN}?next=%2Fhome"),
            format!("/reset/{TOKEN}?next=%2Fhome"),
            TOKEN.to_owned(),
        ]
    );
}

#[test]
fn endless_mails_are_read_in_no_time() {
    let began = std::time::Instant::now();
    for piece in [
        "<a href=https://app.example/",
        "https://app.example/x ",
        "<a href='",
        "://",
        ")",
        "https://a/)",
        "\u{e000}",
        "<<<",
    ] {
        let _ = link(&html(&piece.repeat(400_000 / piece.len())), &hints());
        let _ = link(&plain(&piece.repeat(400_000 / piece.len())), &hints());
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

// Claiming.

fn request(address: &str) -> LinkRequest {
    LinkRequest {
        job: Uuid::new_v4(),
        account: account_of(address),
        fence: None,
        address: address.to_owned(),
        asked_at: Instant::now(),
        sent_after: None,
        senders: Senders::default(),
        hints: hints(),
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

async fn text(room: &Mailroom, address: &str, token: &str) {
    room.text(address, &format!("Reset: https://app.example/reset/{token}")).await;
}

async fn next(ticket: &mut LinkTicket) -> String {
    let link = ticket.next_link(soon()).await.unwrap().found;
    link.url().path().trim_start_matches("/reset/").to_owned()
}

#[tokio::test]
async fn a_link_waits_for_its_job_or_the_job_for_its_link() {
    let room = Mailroom::open(&[ALICE]).await;
    let mut ticket = room.inbox.request(request(ALICE), soon()).await.unwrap();
    text(&room, ALICE, "first111").await;
    assert_eq!(next(&mut ticket).await, "first111");
    let waiting = tokio::spawn(async move { next(&mut ticket).await });
    tokio::task::yield_now().await;
    room.text(ALICE, "Your code is 482915").await;
    text(&room, "Alice@Accounts.Example", "second222").await;
    assert_eq!(waiting.await.unwrap(), "second222");
}

#[tokio::test]
async fn a_link_reaches_no_other_job_and_only_once() {
    let room = Mailroom::open(&[ALICE, BOB]).await;
    text(&room, ALICE, "early111").await;
    tick().await;
    let mut ticket = room.inbox.request(request(ALICE), soon()).await.unwrap();
    text(&room, BOB, "bobs1111").await;
    let error = ticket.next_link(Instant::now()).await.unwrap_err();
    assert!(matches!(error, LinkNotReceived::Nothing { .. }), "{error}");
    text(&room, ALICE, "older111").await;
    tick().await;
    text(&room, ALICE, "newer111").await;
    assert_eq!(next(&mut ticket).await, "newer111", "the newer one voids the older");
    drop(ticket);
    tick().await;
    let mut again = room.inbox.request(request(ALICE), soon()).await.unwrap();
    assert!(again.next_link(Instant::now()).await.is_err());
}

#[tokio::test]
async fn says_why_no_link_came_and_prints_none() {
    let room = Mailroom::open(&[ALICE]).await;
    let mut ticket = room.inbox.request(request(ALICE), soon()).await.unwrap();
    room.text(ALICE, "Reset: https://elsewhere.example/reset/Zk3uQ9vX1rT7").await;
    let error = ticket.next_link(Instant::now()).await.unwrap_err();
    assert!(matches!(error, LinkNotReceived::NoLink { messages: 1, .. }), "{error}");
    let said = error.to_string();
    assert!(
        said.contains("under `origins`") && !said.contains("elsewhere") && !said.contains(TOKEN),
        "{said}"
    );
    let two = "Verify: https://app.example/v/Zk3uQ9vX1rT7\nConfirm: https://app.example/c/9fK2mQx81Lp";
    room.text(ALICE, two).await;
    let error = ticket.next_link(Instant::now()).await.unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, LinkNotReceived::Ambiguous { .. }), "{said}");
    assert!(said.contains("`open: { email_link: { containing: … } }`") && !said.contains("https"), "{said}");
}
