//! Pictures and pieces of what a page shows.

use secrecy::ExposeSecret;
use turnlock::browser::PieceKind;

use crate::harness::{SOON, Site, Stage};

/// The colour in the middle of a PNG, and its size.
fn middle(png: &[u8]) -> ([u8; 3], (u32, u32)) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let samples = info.color_type.samples();
    let at = (info.height as usize / 2 * info.width as usize + info.width as usize / 2) * samples;
    ([pixels[at], pixels[at + 1], pixels[at + 2]], (info.width, info.height))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_taken_of_the_element_wherever_it_is() {
    let drawing = "<svg id=drawing role=img width=60 height=40><rect width=60 height=40 fill='rgb(200,10,20)'/></svg>
        <canvas id=canvas width=60 height=40></canvas>
        <script>const c = canvas.getContext('2d'); c.fillStyle = 'rgb(10,200,20)'; c.fillRect(0, 0, 60, 40)</script>";
    let site = Site::new(move |request| match request.path.as_str() {
        "/frame" => crate::harness::Reply::html(format!(
            "<div style='height:700px'></div>{drawing}<div style='height:700px'>"
        )),
        _ => crate::harness::Reply::html(format!(
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
