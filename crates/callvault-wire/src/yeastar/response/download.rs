//! The headers of downloads.

use callvault_core::audio::Container;

use super::{Cors, Header};
use crate::disposition;

/// The headers before the bytes of a recording or a voicemail, whose status is 200 (`docs/yeastar.md` G18).
pub fn download_headers(
    recording: &str,
    container: Container,
    length_bytes: u64,
    cors: &Cors,
) -> Vec<Header> {
    let content_type = match container {
        Container::Wave => "audio/wav",
        Container::Mp3 => "audio/mpeg",
        Container::Ogg => "audio/ogg",
        Container::Flac => "audio/flac",
    };
    let mut headers =
        vec![("Content-Type", content_type.to_owned()), ("Content-Length", length_bytes.to_string())];
    headers.extend(rest(recording, cors));
    headers
}

/// The headers before a file of call records, whose status is 200. There is no `Content-Length`, because the
/// rows are written while they are looked up (`docs/yeastar.md` G32).
pub fn cdr_headers(cors: &Cors) -> Vec<Header> {
    let mut headers = vec![("Content-Type", "text/csv; charset=utf-8".to_owned())];
    headers.extend(rest("cdr.csv", cors));
    headers
}

/// What all downloads have after the headers about their length and type.
fn rest(file_name: &str, cors: &Cors) -> Vec<Header> {
    let mut headers = vec![
        ("Content-Disposition", disposition::attachment(file_name)),
        // A ticket gives one byte stream, so there are no ranges to ask for (docs/yeastar.md G14).
        ("Accept-Ranges", "none".to_owned()),
        ("Cache-Control", "no-store".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        // The address of the link holds the token.
        ("Referrer-Policy", "no-referrer".to_owned()),
    ];
    headers.extend(cors.headers());
    headers.push(("Access-Control-Expose-Headers", "Content-Disposition, Content-Length".to_owned()));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn download_headers_by_container() {
        for (container, content_type) in [
            (Container::Wave, "audio/wav"),
            (Container::Mp3, "audio/mpeg"),
            (Container::Ogg, "audio/ogg"),
            (Container::Flac, "audio/flac"),
        ] {
            let headers = download_headers("x.wav", container, 32_044, &Cors::default());
            let value =
                |name: &str| headers.iter().find(|(one, _)| *one == name).map(|(_, value)| value.as_str());
            for (name, expected) in [
                ("Content-Type", content_type),
                ("Content-Length", "32044"),
                ("Content-Disposition", "attachment; filename=\"x.wav\""),
                ("Accept-Ranges", "none"),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
                ("Access-control-allow-origin", "*"),
                ("Access-Control-Expose-Headers", "Content-Disposition, Content-Length"),
            ] {
                assert_eq!(value(name), Some(expected), "{name} of {container:?}");
            }
        }
    }

    #[test]
    fn a_file_of_call_records_has_no_length_beforehand() {
        let headers = cdr_headers(&Cors::default());
        let found: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let expected = [
            ("Content-Type", "text/csv; charset=utf-8"),
            ("Content-Disposition", "attachment; filename=\"cdr.csv\""),
            ("Accept-Ranges", "none"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Access-control-allow-origin", "*"),
            ("Access-control-allow-methods", "GET, POST, OPTIONS, PUT, DELETE"),
            ("Access-Control-Expose-Headers", "Content-Disposition, Content-Length"),
        ];
        assert_eq!(found, expected);
    }
}
