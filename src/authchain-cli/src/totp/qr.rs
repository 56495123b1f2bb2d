//! QR codes in the terminal.

use anstyle::{AnsiColor, Color, Style};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

use crate::terminal::Terminal;

/// White on black whatever the terminal's own colours are: the light fields are the letters.
const WHITE_ON_BLACK: Style = AnsiColor::BrightWhite
    .on_default()
    .bg_color(Some(Color::Ansi(AnsiColor::Black)));

/// Prints a text as a QR code, two fields in each letter; nothing if it is too long for one.
pub(super) fn print(text: &str, terminal: &mut Terminal) {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::L) else {
        return;
    };
    let drawn = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    let drawn = Zeroizing::new(drawn);
    for line in drawn.lines() {
        terminal.print_styled(WHITE_ON_BLACK, line);
    }
}
