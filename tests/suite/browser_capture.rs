//! Pictures and pieces of what a page shows.

use std::time::Duration;

use secrecy::ExposeSecret;
use turnlock::browser::{Box4, Piece, PieceKind};

use crate::harness::{Reply, SOON, Site, Stage};

/// The colours of a PNG, and its size.
fn colours(png: &[u8]) -> (Vec<[u8; 3]>, (u32, u32)) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let pixels = pixels.chunks_exact(info.color_type.samples());
    (pixels.map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(), (info.width, info.height))
}

/// The colour in the middle of a PNG, and its size.
fn middle(png: &[u8]) -> ([u8; 3], (u32, u32)) {
    let (colours, size) = colours(png);
    (colours[(size.1 / 2 * size.0 + size.0 / 2) as usize], size)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_taken_of_the_element_wherever_it_is() {
    let drawing = "<svg id=drawing role=img width=60 height=40><rect width=60 height=40 fill='rgb(200,10,20)'/></svg>
        <canvas id=canvas width=60 height=40></canvas>
        <script>const c = canvas.getContext('2d'); c.fillStyle = 'rgb(10,200,20)'; c.fillRect(0, 0, 60, 40)</script>";
    let site = Site::new(move |request| match request.path.as_str() {
        "/frame" => {
            Reply::html(format!("<div style='height:700px'></div>{drawing}<div style='height:700px'>"))
        }
        _ => Reply::html(format!(
            "<div style='height:2000px'></div>{drawing}<div style='height:2000px'></div>\
             <iframe id=f style='border:9px solid'></iframe><div style='height:2000px'></div>\
             <script>f.src = `http://localhost:${{location.port}}/frame`</script>"
        )),
    })
    .await;
    let extra = format!("  other: {}\nframes: {{ f: {{ css: '#f', origin: other }} }}", site.other_site());
    let stage = Stage::set(&site.url(), &extra).await;
    stage.goto("/").await.unwrap();
    for frame in ["", ", frame: f"] {
        for (id, colour) in [("drawing", [200, 10, 20]), ("canvas", [10, 200, 20])] {
            let target = stage.target(&format!("{{ css: \"#{id}\"{frame} }}"));
            let png = stage.page.picture(&target, SOON).await.unwrap();
            assert_eq!(middle(&png), (colour, (76, 56)), "{id}{frame}");
        }
    }
    let (_, size) = middle(&stage.page.screenshot(None).await.unwrap());
    assert_eq!(size, (1280, 900));
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_gives_text_values_and_links() {
    let site = Site::page(
        "<p id=p>one <b>two</b></p><div id=d><input value=inner></div><input id=i disabled value=held>
        <textarea id=t readonly>a\nb</textarea><ul id=u><li>x</li><li>y</li></ul>
        <a id=a href='otpauth://totp/A:b?secret=C&issuer=D'>link</a><div id=w><a href='otpauth://totp/w'>in it</a></div>",
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    for (id, text) in [("p", "one two"), ("d", "inner"), ("i", "held"), ("t", "a\nb"), ("u", "x\ny")] {
        assert_eq!(stage.text(&format!("{{ css: \"#{id}\" }}")).await, text);
    }
    for (id, link) in [("a", "otpauth://totp/A:b?secret=C&issuer=D"), ("w", "otpauth://totp/w"), ("p", "")] {
        let read = stage.page.read_link(&stage.target(&format!("{{ css: \"#{id}\" }}")), SOON).await.unwrap();
        assert_eq!(read.expose_secret(), link);
    }
}

/// Half a secret would be taken for a whole one.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_says_is_read_when_it_has_come() {
    let pieces = ["<p id=p>one ", "<b>two</b></p>"].map(str::to_owned);
    let site = Site::new(move |_| Reply::Halting(pieces.clone(), Duration::from_millis(700))).await;
    let stage = Stage::open(&site.url()).await;
    assert_eq!(stage.text("{ css: \"#p\" }").await, "one two");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_piece_that_is_drawn_is_told_with_its_place() {
    let site = Site::page(
        "<style>#bg { background-image: linear-gradient(red, blue) }</style><p>shown <span style='visibility:hidden'>hidden \
         <b style='visibility:visible'>back</b></span></p><div style='display:contents'>contents</div><div style='display:none'>none</div>
        <label>Token<input value=typed></label><input type=password value=pass><img alt=qr width=9 height=9><div id=bg>b</div>
        <div id=host>slotted</div><script>host.attachShadow({ mode: 'open' }).innerHTML = '<i>shadow</i><slot></slot>'</script>",
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.see("{ text: shadow }").await.unwrap();
    let shots = stage.page.shots().await.unwrap();
    let pieces = &shots[0].pieces;
    let text: String = pieces
        .iter()
        .filter(|piece| piece.kind == PieceKind::Text)
        .map(|piece| format!("{} ", piece.text.trim()))
        .collect();
    assert_eq!(text.trim(), "shown back contents Token b shadow slotted");
    let fields: Vec<_> = pieces.iter().filter(|piece| piece.kind == PieceKind::Field).collect();
    assert_eq!(
        (fields[0].text.as_str(), fields[0].value.as_str(), fields[0].secret),
        ("Token", "typed", false)
    );
    assert!(fields[1].secret && fields[1].filled);
    for kind in [PieceKind::Picture, PieceKind::Background] {
        assert!(pieces.iter().any(|piece| piece.kind == kind), "{kind:?}");
    }
    assert!(
        pieces
            .iter()
            .filter(|piece| piece.kind != PieceKind::Open)
            .all(|piece| piece.boxes.iter().any(|b| b[2] > 0.0))
    );
}

/// A colour that nothing else on the pages has; what shows it is what would show a secret.
const MARKED: &str = "rgb(255,0,255)";

/// How many pixels of the mark are there, and how many outside of every box of the pieces that `is` says yes to.
async fn marked(stage: &Stage, is: impl Fn(&Piece) -> bool) -> (usize, usize) {
    let shots = stage.page.shots().await.unwrap();
    let pieces = shots.iter().flat_map(|shot| &shot.pieces).filter(|piece| is(piece));
    let boxes: Vec<_> = pieces.flat_map(|piece| piece.boxes.clone()).collect();
    let (colours, (width, _)) = colours(&stage.page.screenshot(None).await.unwrap());
    // The edge of a cover is rounded, and it reaches a little further.
    let within = |x: f64, y: f64| {
        let inside = |[left, top, wide, high]: &Box4| {
            x > left - 3.0 && x < left + wide + 3.0 && y > top - 3.0 && y < top + high + 3.0
        };
        boxes.iter().any(inside)
    };
    let marks = colours.iter().enumerate().filter(|(_, colour)| **colour == [255, 0, 255]);
    let places = marks.map(|(at, _)| {
        let (y, x) = (at / width as usize, at % width as usize);
        (f64::from(u32::try_from(x).unwrap()), f64::from(u32::try_from(y).unwrap()))
    });
    let places: Vec<_> = places.collect();
    (places.len(), places.iter().filter(|(x, y)| !within(*x, *y)).count())
}

/// A frame's place in the picture is not where its element's corner is plus what the frame says: it may be zoomed, scaled,
/// turned, and so may be what is around it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_frame_shows_is_placed_where_it_is_drawn() {
    let site = Site::new(|request| {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let [body, around, frame] = ["b", "a", "f"].map(|name| {
            let all = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
            all.map(|(_, value)| value.into_owned()).unwrap_or_default()
        });
        match path {
            "/inner" => Reply::html(format!(
                "<body style='{body}'><p>Some words before it, and <b style='background:{MARKED};color:{MARKED}'>SECRET</b>"
            )),
            "/middle" => Reply::html("<body><iframe style='width:500px;height:150px;zoom:1.2' src=/inner></iframe>"),
            _ => Reply::html(format!(
                "<body style='{body}'><div style='{around}'><iframe id=f style='border:7px solid;padding:13px 5px;margin:80px;\
                 width:600px;height:200px;{frame}'></iframe></div>\
                 <script>f.src = location.search.includes('other') ? `http://localhost:${{location.port}}/middle` : '/inner'</script>"
            )),
        }
    })
    .await;
    let stage = Stage::set(&site.url(), "").await;
    let mut placed = Vec::new();
    for (exactly, query) in [
        (true, ""),
        (true, "b=zoom:.8"),
        (true, "f=zoom:1.4"),
        (true, "f=transform:scale(1.5)"),
        (true, "a=scale:.7 1.2&b=zoom:1.1"),
        (true, "b=zoom:.8&other"),
        (false, "f=transform:rotate(20deg)"),
        (false, "a=rotate:180deg&other"),
        (false, "a=transform:skewX(20deg)"),
        (false, "a=perspective:2000px&f=transform:rotateY(30deg)"),
    ] {
        stage.goto(&format!("/?{}", query.replace(' ', "%20"))).await.unwrap();
        let mut seen = false;
        while !seen {
            let shots = stage.page.shots().await.unwrap();
            seen = shots.iter().flat_map(|shot| &shot.pieces).any(|piece| piece.text == "SECRET");
        }
        let (marks, outside) = marked(&stage, |piece| piece.text == "SECRET").await;
        assert!(marks > 300 && outside == 0, "{query}: {outside} of {marks} are outside");
        let shots = stage.page.shots().await.unwrap();
        let words = shots.iter().flat_map(|shot| &shot.pieces).find(|piece| piece.text.contains("words"));
        let secret = shots.iter().flat_map(|shot| &shot.pieces).find(|piece| piece.text == "SECRET");
        // What cannot be placed exactly is the whole frame.
        placed.push((query, exactly, words.unwrap().boxes[0] != secret.unwrap().boxes[0]));
    }
    assert!(placed.iter().all(|(_, exactly, found)| exactly == found), "{placed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_closed_shadow_root_shows_is_told_with_its_place() {
    let site = Site::new(|request| {
        let inner = format!(
            "<style>b,input {{ background:{MARKED}; color:{MARKED}; border:0 }}</style><p>Your key is <b>SECRET</b></p>\
             <input value=SECRET><div id=deep></div><slot></slot>"
        );
        let page = format!(
            "<x-key></x-key><div id=host>Given <i>to it</i></div>\
             <div><template shadowrootmode=closed>{inner}</template></div><script>\
             for (const name of ['x-key', '#host']) {{\
               const root = document.querySelector(name).attachShadow({{ mode: 'closed' }});\
               root.innerHTML = `{inner}`;\
               root.querySelector('#deep').attachShadow({{ mode: 'closed' }}).innerHTML = `{inner}`;\
             }}</script>"
        );
        match request.path.as_str() {
            "/frame" => Reply::html(page),
            _ => Reply::html(format!(
                "{page}<iframe id=f></iframe><script>f.src = `http://localhost:${{location.port}}/frame`</script>"
            )),
        }
    })
    .await;
    let extra = format!("  other: {}\nframes: {{ f: {{ css: '#f', origin: other }} }}", site.other_site());
    let stage = Stage::set(&site.url(), &extra).await;
    stage.goto("/").await.unwrap();
    stage.see("{ text: Given, frame: f }").await.unwrap();
    for _ in 0..2 {
        let shots = stage.page.shots().await.unwrap();
        assert_eq!(shots.len(), 2);
        for shot in &shots {
            let secret = |kind| {
                let of_kind = shot.pieces.iter().filter(move |piece| piece.kind == kind);
                of_kind.filter(|piece| piece.text == "SECRET" || piece.value == "SECRET").count()
            };
            assert_eq!((secret(PieceKind::Text), secret(PieceKind::Field)), (5, 5), "{:#?}", shot.pieces);
        }
        let (marks, outside) =
            marked(&stage, |piece| piece.text == "SECRET" || piece.value == "SECRET").await;
        assert!(marks > 1000 && outside == 0, "{outside} of {marks} are outside");
    }
}

/// Where a secret was typed, it is one whatever the page makes of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_a_secret_was_typed_into_is_told_as_secret() {
    let site = Site::page(
        "<label>Name<input></label><label>Code<input oninput='this.value = this.value.slice(1, 7)'></label>
        <label>Key<input></label><div contenteditable aria-label=Token style='width:200px'></div>",
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.fill("{ label: Name }", "alice").await.unwrap();
    stage.fill_secret("{ label: Code }", "837465").await.unwrap_err();
    stage.fill_secret("{ label: Key }", "837465").await.unwrap();
    stage.fill_secret("{ css: div }", "837465").await.unwrap();
    let shots = stage.page.shots().await.unwrap();
    let fields = shots[0].pieces.iter().filter(|piece| piece.kind == PieceKind::Field);
    let told: Vec<_> = fields.map(|piece| (piece.text.as_str(), piece.secret, piece.filled)).collect();
    assert_eq!(
        told,
        [("Name", false, true), ("Code", true, true), ("Key", true, true), ("Token", true, true)]
    );
}
