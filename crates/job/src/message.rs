//! Errors as one line.

use std::error::Error;

/// An error and its causes on one line; a cause that an outer message already tells is left out.
pub fn one_line(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        cause = error.source();
    }
    line.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Told {
        text: &'static str,
        source: Option<Box<Told>>,
    }

    #[test]
    fn causes_follow_once_each() {
        let root = Told { text: "disk full", source: None };
        let middle = Told { text: "cannot write a.fits: disk full", source: Some(Box::new(root)) };
        let outer = Told { text: "searching\nb.fits", source: Some(Box::new(middle)) };
        assert_eq!(one_line(&outer), "searching b.fits: cannot write a.fits: disk full");
    }
}
