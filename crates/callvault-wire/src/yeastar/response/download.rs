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
    let mut headers = Vec::with_capacity(2 + REST);
    headers.push(("Content-Type", content_type.into()));
    headers.push(("Content-Length", length_bytes.to_string().into()));
    add_rest(&mut headers, recording, cors);
    headers
}

/// The headers before a file of call records, whose status is 200. There is no `Content-Length`, because the
/// rows are written while they are looked up (`docs/yeastar.md` G32).
pub fn cdr_headers(cors: &Cors) -> Vec<Header> {
    let mut headers = vec![("Content-Type", "text/csv; charset=utf-8".into())];
    add_rest(&mut headers, "cdr.csv", cors);
    headers
}

/// How many headers [`add_rest`] adds.
const REST: usize = 8;

/// Adds what all downloads have after the headers about their length and type.
fn add_rest(headers: &mut Vec<Header>, file_name: &str, cors: &Cors) {
    let [allow_origin, allow_methods] = cors.headers();
    let rest: [Header; REST] = [
        ("Content-Disposition", disposition::attachment(file_name).into()),
        // A ticket gives one byte stream, so there are no ranges to ask for (docs/yeastar.md G14).
        ("Accept-Ranges", "none".into()),
        ("Cache-Control", "no-store".into()),
        ("X-Content-Type-Options", "nosniff".into()),
        // The address of the link holds the token.
        ("Referrer-Policy", "no-referrer".into()),
        allow_origin,
        allow_methods,
        ("Access-Control-Expose-Headers", "Content-Disposition, Content-Length".into()),
    ];
    headers.extend(rest);
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
                |name: &str| headers.iter().find(|(one, _)| *one == name).map(|(_, value)| value.as_ref());
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
        let found: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
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
