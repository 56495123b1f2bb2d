//! The words that may stand in a line of the file.

/// Maximum length of a label and of the name of a service.
const MAX_LENGTH: usize = 64;

/// Checks a label. It needs no quotes, in the file, in the log and in a shell.
pub(super) fn check_label(label: &str) -> Result<(), String> {
    match is_word(label) {
        true => Ok(()),
        false => Err(format!(
            "{label:?}: a label is made of letters, digits, '.', '_' and '-', and has {MAX_LENGTH} \
             at most"
        )),
    }
}

/// Checks the name of a PAM service, which libpam has in small letters.
pub(super) fn check_service(service: &str) -> Result<(), String> {
    if !is_word(service) {
        return Err(format!(
            "{service:?}: a PAM service is named as its file in /etc/pam.d, without '*'"
        ));
    }
    if service.contains(|c: char| c.is_ascii_uppercase()) {
        let small = service.to_ascii_lowercase();
        return Err(format!(
            "{service:?}: PAM has services in small letters: {small:?}"
        ));
    }
    Ok(())
}

fn is_word(text: &str) -> bool {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins && text.len() <= MAX_LENGTH && text.chars().all(is_fine)
}
