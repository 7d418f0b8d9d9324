//! A message answers one request, of the address that it came for.

use super::*;

#[tokio::test]
async fn a_code_waits_for_its_job_or_the_job_for_its_code() {
    let room = Mailroom::open(&[ALICE]).await;
    let mut ticket = room.inbox.request(request(ALICE), soon()).await.unwrap();
    room.text(ALICE, "Your code is 111111").await;
    assert_eq!(next(&mut ticket).await, "111111");
    let waiting = tokio::spawn(async move { next(&mut ticket).await });
    tokio::task::yield_now().await;
    room.text("Alice@Accounts.Example", "Welcome to our newsletter").await;
    room.text(ALICE, "Your code is 222222").await;
    assert_eq!(waiting.await.unwrap(), "222222");
    assert_eq!(room.waiting().await, 1, "the newsletter");
}

#[tokio::test]
async fn a_code_for_another_address_is_never_taken() {
    let others = ["alice+work@accounts.example", "alice.w@other.example", "malice@accounts.example"];
    let room = Mailroom::open(&[&[ALICE, BOB], &others[..]].concat()).await;
    let mut ticket = room.inbox.request(request(ALICE), soon()).await.unwrap();
    for other in others.iter().chain([&BOB]) {
        assert_eq!(room.text(other, "Your code is 666666").await, Taken::New);
    }
    assert_eq!(room.text("nobody@accounts.example", "Your code is 1234").await, Taken::NotManaged);
    let error = ticket.next_code(at_once()).await.unwrap_err();
    assert!(matches!(&error, CodeNotReceived::Nothing { address } if address == ALICE), "{error}");
    let mut bob = room.inbox.request(early(BOB), soon()).await.unwrap();
    assert_eq!(next(&mut bob).await, "666666");
}

#[tokio::test]
async fn a_code_that_came_before_the_job_asked_is_never_taken() {
    let room = Mailroom::open(&[ALICE]).await;
    room.text(ALICE, "Your code is 111111").await;
    tick().await;
    let mut ticket = room.inbox.request(request(ALICE), soon()).await.unwrap();
    let text = || Content::Text("Your code is 333333".to_owned());
    room.arrives(ALICE, text(), Duration::from_secs(1)).await;
    assert!(ticket.next_code(at_once()).await.is_err());
    room.text(ALICE, "Your code is 222222").await;
    assert_eq!(next(&mut ticket).await, "222222");
}

#[tokio::test]
async fn a_code_is_taken_once() {
    let room = Mailroom::open(&[ALICE]).await;
    let mut ticket = room.inbox.request(early(ALICE), soon()).await.unwrap();
    room.text(ALICE, "Your code is 111111").await;
    tick().await;
    room.text(ALICE, "Your code is 222222").await;
    assert_eq!(next(&mut ticket).await, "222222", "the newer one voids the older");
    drop(ticket);
    tick().await;
    let mut again = room.inbox.request(request(ALICE), soon()).await.unwrap();
    assert!(again.next_code(at_once()).await.is_err());
}

#[tokio::test]
async fn of_several_codes_the_one_that_was_sent_last_counts() {
    let room = Mailroom::open(&[ALICE]).await;
    let mut ticket = room.inbox.request(early(ALICE), soon()).await.unwrap();
    let sent = |at: &str, code: u32| {
        format!(
            "Date: Sun, 29 Nov 2026 10:00:{at} +0000\nMessage-ID: <{code}@app.example>\n\nYour code is {code}"
        )
    };
    room.mail(ALICE, &sent("30", 222_222)).await;
    tick().await;
    room.mail(ALICE, &sent("10", 111_111)).await;
    let answer = ticket.next_code(soon()).await.unwrap();
    assert_eq!(answer.found.expose_secret(), "222222", "the older one was on its way for longer");
    drop(ticket);

    // One that comes later still does not void it.
    let after = CodeRequest { sent_after: answer.sent_at, ..early(ALICE) };
    let mut again = room.inbox.request(after, soon()).await.unwrap();
    room.mail(ALICE, &sent("11", 111_112)).await;
    assert!(again.next_code(at_once()).await.is_err());
    room.mail(ALICE, &sent("40", 333_333)).await;
    assert_eq!(next(&mut again).await, "333333");
}

#[tokio::test]
async fn a_message_that_comes_twice_answers_one_request() {
    let room = Mailroom::open(&[ALICE]).await;
    let mail = "Date: Sun, 29 Nov 2026 10:00:00 +0000\nMessage-ID: <1@app.example>\n\nYour code is 111111";
    let mut ticket = room.inbox.request(request(ALICE), soon()).await.unwrap();
    assert_eq!(room.mail(ALICE, mail).await, Taken::New);
    assert_eq!(next(&mut ticket).await, "111111");
    drop(ticket);
    let mut again = room.inbox.request(early(ALICE), soon()).await.unwrap();
    let copy = format!("Received: from elsewhere by here\n{mail}");
    assert_eq!(room.mail(ALICE, &copy).await, Taken::Already);
    assert!(again.next_code(at_once()).await.is_err());
}

#[tokio::test]
async fn a_number_that_accounts_share_has_one_request_at_a_time() {
    let room = sharing_a_number(&["acme/alice", "other/bob"]).await;
    let first = of("acme/alice");
    let ticket = room.inbox.request(first.clone(), soon()).await.unwrap();
    let refused = room.inbox.request(of("other/bob"), at_once()).await.unwrap_err();
    assert!(matches!(&refused, RequestRefused::AddressInUse { job, .. } if *job == first.job), "{refused}");
    // Who asks in time waits for the other to end.
    let (inbox, bob) = (room.inbox.clone(), of("other/bob"));
    let waiting = tokio::spawn(async move {
        let mut ticket = inbox.request(bob, soon()).await.unwrap();
        next(&mut ticket).await
    });
    room.text(NUMBER, "Your code is 111111").await;
    let mut ticket = ticket;
    assert_eq!(next(&mut ticket).await, "111111");
    drop(ticket);
    room.text(NUMBER, "Your code is 222222").await;
    assert_eq!(waiting.await.unwrap(), "222222");
}

#[tokio::test]
async fn a_text_that_comes_when_its_job_has_given_up_answers_nobody_else() {
    let room = sharing_a_number(&["acme/alice", "other/bob"]).await;
    let alice = of("acme/alice");
    let mut gave_up = room.inbox.request(alice.clone(), soon()).await.unwrap();
    assert!(gave_up.next_code(at_once()).await.is_err());
    drop(gave_up);
    let inbox = room.inbox.clone();
    let waiting = tokio::spawn(async move { inbox.request(of("other/bob"), at_once()).await });
    room.text(NUMBER, "Your code is 111111").await;
    let refused = waiting.await.unwrap().unwrap_err();
    assert!(matches!(&refused, RequestRefused::Unsettled { job, .. } if *job == alice.job), "{refused}");

    // A job that only held the number and had nothing sent keeps nobody waiting.
    let held = room.inbox.request(of("acme/alice"), soon()).await.unwrap();
    held.settle().await;
    let again = room.inbox.request(of("other/bob"), at_once()).await;
    assert!(
        matches!(again, Err(RequestRefused::Unsettled { job, .. }) if job == alice.job),
        "the first may still be answered"
    );
    let elsewhere = sharing_a_number(&["acme/alice", "other/bob"]).await;
    elsewhere.inbox.request(of("acme/alice"), soon()).await.unwrap().settle().await;
    elsewhere.inbox.request(of("other/bob"), at_once()).await.unwrap();
}

async fn sharing_a_number(names: &[&str]) -> Mailroom {
    let room = Mailroom::open(&[]).await;
    for name in names {
        let account: AccountRef = name.parse().unwrap();
        let number = Some(NUMBER.to_owned());
        let entry = AccountEntry { account, username: "x".to_owned(), address: None, number };
        room.store.put_account(&entry, &[]).await.unwrap();
    }
    room
}

fn of(name: &str) -> CodeRequest {
    CodeRequest { account: name.parse().unwrap(), ..request(NUMBER) }
}

#[tokio::test]
async fn the_newest_request_of_an_account_counts() {
    let room = Mailroom::open(&[ALICE]).await;
    let mut left_behind = room.inbox.request(request(ALICE), soon()).await.unwrap();
    let mut ticket = room.inbox.request(request(ALICE), soon()).await.unwrap();
    room.text(ALICE, "Your code is 111111").await;
    assert!(left_behind.next_code(at_once()).await.is_err());
    assert_eq!(next(&mut ticket).await, "111111");
}

#[tokio::test]
async fn who_has_lost_the_account_gets_no_code() {
    let room = Mailroom::open(&[ALICE]).await;
    let account = account_of(ALICE);
    let (worker, long) = (WorkerId::new("w"), Duration::from_secs(60));
    let lease = room.store.acquire(&account, &worker, long).await.unwrap().unwrap();
    let fenced = CodeRequest { fence: Some(lease.fence()), ..request(ALICE) };
    room.inbox.request(fenced.clone(), soon()).await.unwrap();
    room.store.release(&lease).await.unwrap();
    let refused = room.inbox.request(fenced, soon()).await.unwrap_err();
    assert!(matches!(refused, RequestRefused::Store(StoreError::LeaseLost(_))), "{refused}");
}

#[tokio::test]
async fn a_message_of_a_stranger_does_not_count() {
    let room = Mailroom::open(&[ALICE]).await;
    let senders = Senders { from: vec!["app.example".to_owned()], ..Senders::default() };
    let wanted = CodeRequest { senders, ..request(ALICE) };
    let mut ticket = room.inbox.request(wanted, soon()).await.unwrap();
    room.mail(ALICE, "From: codes@evil.example\n\nYour code is 666666").await;
    let error = ticket.next_code(at_once()).await.unwrap_err().to_string();
    assert!(error.contains("codes@evil.example, not from app.example"), "{error}");
    assert!(!error.contains("666666"), "{error}");
    room.mail(ALICE, "From: codes@mail.app.example\n\nYour code is 111111").await;
    assert_eq!(next(&mut ticket).await, "111111");
}

#[tokio::test]
async fn says_why_no_code_came() {
    let room = Mailroom::open(&[ALICE]).await;
    let mut ticket = room.inbox.request(request(ALICE), soon()).await.unwrap();
    room.text(ALICE, "A new device signed in.").await;
    let error = ticket.next_code(at_once()).await.unwrap_err();
    assert!(matches!(error, CodeNotReceived::NoCode { messages: 1, .. }), "{error}");
    room.text(ALICE, "Your code is 111111. Your code is 222222.").await;
    let error = ticket.next_code(at_once()).await.unwrap_err();
    assert!(matches!(error, CodeNotReceived::Ambiguous { .. }), "{error}");
    assert!(!error.to_string().contains("1111"), "{error}");
    room.text(ALICE, "Your code is 333333.").await;
    assert_eq!(next(&mut ticket).await, "333333");
}

#[tokio::test]
async fn what_lies_in_the_database_is_sealed() {
    let room = Mailroom::open(&[ALICE]).await;
    room.text(ALICE, "Your code is 482915 and no other").await;
    let rows = room.store.messages_after(0, 10).await.unwrap();
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    let has = |needle: &[u8]| row.sealed.windows(needle.len()).any(|part| part == needle);
    assert!(!has(b"482915") && !has(b"code"));
    assert!(room.inbox.read(row).is_some());
    // Moved to another address, or to another message, it does not open.
    let moved = |change: fn(&mut MessageRow)| {
        let mut row = row.clone();
        change(&mut row);
        row
    };
    assert!(room.inbox.read(&moved(|row| row.address = BOB.to_owned())).is_none());
    assert!(room.inbox.read(&moved(|row| row.id = Uuid::now_v7())).is_none());
    assert!(room.inbox.read(&moved(|row| row.sealed[80] ^= 1)).is_none());
}
