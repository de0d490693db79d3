use super::*;
use crate::enswitch::parameters::{AudioPlace, Defect, Parameters, SentAudio, VALUE_LIMIT_BYTES};
use proptest::prelude::*;

const UPLOAD: Function = Function::HuntgroupsFilesUpload;
const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=frontier";
const JSON: &str = "application/json";

/// The outcome in a form that can be compared.
#[derive(Debug, PartialEq)]
struct Outcome {
    values: Vec<Option<Result<String, Defect>>>,
    audio: Option<Result<SentAudio, Fault>>,
    fault: Option<Fault>,
    bytes: Vec<u8>,
}

fn read_in(content_type: &str, body: &[u8], size: usize) -> Outcome {
    let mut reader = FormReader::new(UPLOAD, Some(content_type));
    let mut bytes = Vec::new();
    for piece in body.chunks(size) {
        reader.push(piece, &mut bytes);
    }
    let form = reader.finish(&mut bytes);
    let parameters = Parameters::from_query(UPLOAD, b"").with_body(form);
    let names = ["auth_username", "auth_password", "auth_token", "huntgroup", "level", "sound"];
    let values = names.map(|name| parameters.value(name).map(|value| value.map(str::to_owned))).to_vec();
    let audio = parameters.audio();
    // Bytes that come before a fault are no promise.
    let usable = matches!(audio, Some(Ok(_))) && parameters.body_fault().is_none();
    let bytes = if usable { bytes } else { Vec::new() };
    Outcome { values, audio, fault: parameters.body_fault().cloned(), bytes }
}

fn read(content_type: &str, body: &[u8]) -> Outcome {
    let whole = read_in(content_type, body, usize::MAX);
    for size in [1, 2, 3, 7] {
        assert_eq!(read_in(content_type, body, size), whole, "in pieces of {size}");
    }
    whole
}

fn level(outcome: &Outcome) -> Option<Result<&str, Defect>> {
    outcome.values[4].as_ref().map(|value| value.as_deref().map_err(|defect| *defect))
}

#[track_caller]
fn check_audio(content_type: &str, body: &[u8], audio: &[u8], file_name: Option<&str>) {
    let outcome = read(content_type, body);
    assert_eq!(outcome.fault, None);
    assert_eq!(outcome.bytes, audio);
    let file_name = file_name.map(str::to_owned);
    let wanted = SentAudio { place: AudioPlace::Body, bytes: audio.len() as u64, file_name };
    assert_eq!(outcome.audio, Some(Ok(wanted)));
}

#[track_caller]
fn check_fault(content_type: &str, body: &[u8], key: &str) {
    assert_eq!(read(content_type, body).fault.map(|fault| fault.key), Some(key));
}

#[track_caller]
fn check_level(content_type: &str, body: &[u8], wanted: Option<Result<&str, Defect>>) {
    let outcome = read(content_type, body);
    assert_eq!((level(&outcome), &outcome.fault), (wanted, &None));
}

fn part(head: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--frontier\r\nContent-Disposition: form-data; {head}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

fn parts(parts: &[Vec<u8>]) -> Vec<u8> {
    [&parts.concat()[..], b"--frontier--\r\n"].concat()
}

#[test]
fn urlencoded_values() {
    check_level(URLENCODED, b"huntgroup=123&level=4", Some(Ok("4")));
    check_level(URLENCODED, b"huntgroup=123;level=4;", Some(Ok("4")));
    check_level(URLENCODED, b"l%65vel=%34+%26;x=1", Some(Ok("4 &")));
    check_level(URLENCODED, b"level=%4&x", Some(Ok("%4")));
    check_level(URLENCODED, b"level=%%34%", Some(Ok("%4%")));
    check_level(URLENCODED, b"level=a=b", Some(Ok("a=b")));
    check_level(URLENCODED, b"level", Some(Ok("")));
    check_level(URLENCODED, b"level=1&level=1", Some(Ok("1")));
    check_level(URLENCODED, b"level=1&level=2", Some(Err(Defect::Conflict)));
    check_level(URLENCODED, b"level=%ff", Some(Err(Defect::NotUtf8)));
    check_level(URLENCODED, b"", None);
    check_level("", b"level=5", Some(Ok("5")));
    check_level("text/plain", b"level=5", Some(Ok("5")));
    let long = [b"level=".as_slice(), &vec![b'1'; VALUE_LIMIT_BYTES]].concat();
    assert!(matches!(level(&read_in(URLENCODED, &long, 4096)), Some(Ok(_))));
    let longer = [&long[..], b"1"].concat();
    assert_eq!(level(&read_in(URLENCODED, &longer, 4096)), Some(Err(Defect::TooLong)));
}

#[test]
fn audio_as_base64_text() {
    // 0xFB 0xFF 0xFE is "+//+"; form decoding makes spaces of the plus signs.
    check_audio(URLENCODED, b"level=1&data=+//+&huntgroup=1", b"\xfb\xff\xfe", None);
    check_audio(URLENCODED, b"data=%2B%2f%2F%2B", b"\xfb\xff\xfe", None);
    check_audio(URLENCODED, b"data=Zm9v%0D%0AYg==", b"foob", None);
    check_audio(JSON, br#"{"data":"Zm9v\nYg\u003d=","level":1}"#, b"foob", None);
    check_audio(MULTIPART, &parts(&[part("name=\"data\"", b"Zm9v\r\nYg")]), b"foob", None);
    for bad in [b"data=*".as_slice(), b"data=Zm9vZ", b"data=%0A", b"data=Zg==&data=Zg=="] {
        let audio = read(URLENCODED, bad).audio;
        assert_eq!(audio.map(|audio| audio.map_err(|fault| fault.key)), Some(Err("data")));
    }
    assert_eq!(read(URLENCODED, b"data=&level=1").audio, None);
    assert_eq!(read(URLENCODED, b"data=&data=").audio, None);
    assert_eq!(read(JSON, br#"{"data":null}"#).audio, None);
}

#[test]
fn audio_as_a_file_part() {
    let nasty = b"RIFF\x00\xff\r\n--frontie\r\n--\r\r\n+%2B&;";
    let check = |head: &str, file_name: Option<&str>| {
        let body = parts(&[part("name=level", b"1"), part(head, nasty), part("name=huntgroup", b"5")]);
        check_audio(MULTIPART, &body, nasty, file_name);
        assert_eq!(level(&read(MULTIPART, &body)), Some(Ok("1")));
    };
    check("name=\"data\"; filename=\"a b;c.wav\"\r\nContent-Type: audio/x-wav", Some("a b;c.wav"));
    check("name=data; filename=a.wav", Some("a.wav"));
    check("filename=\"\"; name=\"data\"", None);
    check(r#"name="data"; filename="C:\new\"q\".wav""#, Some(r#"C:\new"q".wav"#));
    check(r#"name="data"; filename="%22x%22.wav""#, Some("\"x\".wav"));
    check("name=\"data\"; filename=\"x.wav\"; filename*=UTF-8''%C3%A9.wav", Some("\u{e9}.wav"));
    check("NAME=\"data\"; FileName=\"x.wav\"\r\ncontent-transfer-encoding: binary", Some("x.wav"));
    let base64 = part("name=data; filename=x.wav\r\nContent-Transfer-Encoding: BASE64", b"Zm9v\r\nYg==\r\n");
    check_audio(MULTIPART, &parts(&[base64]), b"foob", Some("x.wav"));
    assert_eq!(read(MULTIPART, &parts(&[part("name=data; filename=\"\"", b"")])).audio, None);
}

#[test]
fn multipart_syntax() {
    let one = part("name=\"level\"", b"+%31");
    check_level(MULTIPART, &parts(std::slice::from_ref(&one)), Some(Ok("+%31")));
    check_level(
        "Multipart/Form-Data; charset=utf-8; Boundary=\"frontier\"",
        &parts(&[one]),
        Some(Ok("+%31")),
    );
    check_level(MULTIPART, b"before\r\n--frontier \t\r\n\r\nno name\r\n--frontier--after", None);
    check_level(MULTIPART, b"--frontier--", None);
    check_level(MULTIPART, b"", None);
    check_fault(MULTIPART, b"--frontier\r\n\r\nx", "");
    check_fault(MULTIPART, b"--frontierx\r\n\r\nx\r\n--frontier--", "");
    check_fault(MULTIPART, b"--frontier-x", "");
    check_fault(MULTIPART, b"--frontier\n\nx\n--frontier--", "");
    check_fault(MULTIPART, b"level=1", "");
    check_fault(MULTIPART, b"level=1\r\n", "");
    check_fault(MULTIPART, b"\r\n", "");
    // The boundary of the header is not that of the body.
    check_fault(
        MULTIPART,
        b"--other\r\nContent-Disposition: form-data; name=level\r\n\r\n1\r\n--other--\r\n",
        "",
    );
    check_fault("multipart/form-data", b"--x--", "");
    check_fault("multipart/form-data; boundary=", b"--x--", "");
    let flood = [b"--frontier\r\nX: ".as_slice(), &vec![b'a'; 20_000]].concat();
    assert!(read_in(MULTIPART, &flood, 1000).fault.is_some());
}

#[test]
fn json_syntax() {
    check_level(JSON, br#" { "huntgroup" : 123 , "level":4} "#, Some(Ok("4")));
    check_level("application/json; charset=utf-8", br#"{"level":"\u0034\n\/\"\\"}"#, Some(Ok("4\n/\"\\")));
    check_level(
        JSON,
        "{\"level\":\"\\u00e9\\ud83d\\ude00\u{e9}\"}".as_bytes(),
        Some(Ok("\u{e9}\u{1f600}\u{e9}")),
    );
    check_level(JSON, br#"{"l\u0065vel":true}"#, Some(Ok("1")));
    check_level(JSON, br#"{"level":false}"#, Some(Ok("0")));
    check_level(JSON, br#"{"level":null,"other":-1.5e3}"#, None);
    check_level(JSON, br#"{"level":-1.5e3}"#, Some(Ok("-1.5e3")));
    check_level(JSON, br#"{"level":1,"level":"1"}"#, Some(Ok("1")));
    check_level(JSON, br#"{"level":1,"level":2}"#, Some(Err(Defect::Conflict)));
    check_level(JSON, br#"{"level":"\ud83d"}"#, Some(Err(Defect::NotUtf8)));
    check_level(JSON, br#"{"level":"\ude00"}"#, Some(Err(Defect::NotUtf8)));
    check_level(JSON, br#"{"level":"\ud83dx"}"#, Some(Err(Defect::NotUtf8)));
    check_level(JSON, b"{\"level\":\"\xe9\"}", Some(Err(Defect::NotUtf8)));
    check_level(JSON, b"{}", None);
    check_level(JSON, b"", None);
    check_level(JSON, b" \r\n", None);
    check_fault(JSON, br#"{"level":[1]}"#, "level");
    check_fault(JSON, br#"{"level":{"a":1}}"#, "level");
    check_fault(JSON, br#"{"surprise":{"a":1}}"#, "");
    for broken in [
        "[1]",
        "1",
        "{",
        r#"{"level""#,
        r#"{"level":}"#,
        r#"{"level":1,}"#,
        r#"{"level":1"#,
        r#"{level:1}"#,
        r#"{"level":01}"#,
        r#"{"level":tru}"#,
        r#"{"level":+1}"#,
        r#"{"a":1 "b":2}"#,
        "{} x",
    ] {
        check_fault(JSON, broken.as_bytes(), "");
    }
    for broken in ["{\"level\":\"a\nb\"}", r#"{"level":"\x"}"#, r#"{"level":"\u00g0"}"#, r#"{"level":"1"#] {
        check_fault(JSON, broken.as_bytes(), "level");
    }
}

#[test]
fn a_fault_leaves_what_came_before_it() {
    let body = br#"{"auth_username":"user","auth_password":"password","level":[]}"#;
    let outcome = read(JSON, body);
    assert_eq!(outcome.values[0], Some(Ok("user".to_owned())));
    assert_eq!(outcome.values[1], Some(Ok("password".to_owned())));
    assert_eq!(outcome.fault.map(|fault| fault.key), Some("level"));
}

#[test]
fn the_body_hides_the_query() {
    let mut reader = FormReader::new(UPLOAD, Some(URLENCODED));
    reader.push(b"level=2&sound=", &mut Vec::new());
    let form = reader.finish(&mut Vec::new());
    let parameters = Parameters::from_query(UPLOAD, b"level=%ff&huntgroup=1&sound=3").with_body(form);
    assert_eq!(parameters.value("level"), Some(Ok("2")));
    assert_eq!(parameters.value("huntgroup"), Some(Ok("1")));
    assert_eq!(parameters.value("sound"), Some(Ok("")));
}

#[test]
fn memory_stays_small_under_a_large_body() {
    let reader_sizes = |content_type: &str, head: &[u8], filler: &[u8]| {
        let mut reader = FormReader::new(UPLOAD, Some(content_type));
        reader.push(head, &mut Vec::new());
        for _ in 0..200 {
            let mut audio = Vec::new();
            reader.push(&filler.repeat(16_384 / filler.len()), &mut audio);
            assert!(audio.len() <= 3 * 16_384, "{} bytes of audio at once", audio.len());
        }
        assert!(reader.held_bytes() <= 4 * 1024, "{} bytes are held", reader.held_bytes());
    };
    reader_sizes(URLENCODED, b"data=", b"QUJD");
    reader_sizes(JSON, b"{\"data\":\"", b"QUJD");
    reader_sizes(MULTIPART, &part("name=data; filename=x", b""), b"\r\n--");
    reader_sizes(MULTIPART, b"", b"preamble");
}

#[test]
fn headers_of_a_part_at_their_limit_are_read_in_any_cut() {
    const LIMIT: usize = 8 * 1024;
    for length in LIMIT - 3..=LIMIT + 1 {
        let name = "\r\nContent-Disposition: form-data; name=level\r\nX: ";
        let filler = "a".repeat(length - name.len());
        let body = format!("--frontier{name}{filler}\r\n\r\n4\r\n--frontier--\r\n");
        let whole = read_in(MULTIPART, body.as_bytes(), usize::MAX);
        assert_eq!(level(&whole), (length <= LIMIT).then_some(Ok("4")), "{length}");
        assert_eq!(whole.fault.is_some(), length > LIMIT, "{length}");
        for size in [1, 4, LIMIT] {
            assert_eq!(
                read_in(MULTIPART, body.as_bytes(), size),
                whole,
                "{length} bytes, in pieces of {size}"
            );
        }
    }
}

#[test]
fn headers_of_parts_are_not_searched_again_for_each_piece() {
    let part = [b"\r".repeat(8_000).as_slice(), b"\r\n\r\n\r\n--frontier\r\n"].concat();
    let body = [b"--frontier\r\n".to_vec(), part.repeat(3)].concat();
    for size in [1, 2, 7, 64, 4096] {
        let mut reader = FormReader::new(UPLOAD, Some(MULTIPART));
        for piece in body.chunks(size) {
            reader.push(piece, &mut Vec::new());
        }
        let Syntax::Multipart(reader) = &reader.syntax else { panic!("the body is as it must be") };
        // Up to three bytes may be the start of the blank line, and are looked at once more with the next piece.
        let most = body.len() + 4 * body.len().div_ceil(size);
        let searched = reader.searched_bytes();
        assert!(searched <= most, "{searched} of {} bytes searched, in pieces of {size}", body.len());
    }
}

#[test]
fn values_that_are_kept_are_counted() {
    let value = vec![b'x'; 50_000];
    let check = |content_type: &str, bodies: [&[u8]; 2]| {
        let mut reader = FormReader::new(UPLOAD, Some(content_type));
        for (number, body) in bodies.into_iter().enumerate() {
            reader.push(body, &mut Vec::new());
            reader.push(&value, &mut Vec::new());
            let counted = reader.held_bytes();
            let kept = (number + 1) * value.len();
            // A value that grows may have room for as much again.
            assert!((kept..=2 * kept + 4096).contains(&counted), "{content_type}: {counted} of {kept}");
        }
    };
    check(URLENCODED, [b"surprise=x&sound=", b"&level="]);
    check(JSON, [b"{\"sound\":\"", b"\",\"level\":\""]);
    let head = |name: &str| part(&format!("name={name}"), b"").strip_suffix(b"\r\n").unwrap().to_vec();
    check(MULTIPART, [&head("sound"), &[b"\r\n", head("level").as_slice()].concat()]);
    let mut reader = FormReader::new(UPLOAD, Some(MULTIPART));
    reader.push(&[b"--frontier\r\nX: ".as_slice(), &[b'x'; 8_000]].concat(), &mut Vec::new());
    assert!(reader.held_bytes() >= 8_000, "headers of a part are held too");
}

/// Texts that look a little like bodies, so that the parsers get past their first byte.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&'static [u8]> = vec![
        b"data",
        b"level",
        b"huntgroup",
        b"auth_token",
        b"=",
        b"&",
        b";",
        b"%",
        b"%2",
        b"%41",
        b"+",
        b"{",
        b"}",
        b"\"",
        b":",
        b",",
        b"\\",
        b"\\u",
        b"d83d",
        b"\\ude00",
        b"1",
        b"null",
        b"true",
        b" ",
        b"\r",
        b"\n",
        b"\r\n",
        b"--",
        b"--frontier",
        b"\r\n--frontier",
        b"\r\n--frontier\r\n",
        b"\r\n\r\n",
        b"Content-Disposition: form-data; ",
        b"name=\"data\"",
        b"; filename=\"a.wav\"",
        b"name=level",
        b"\xff",
        b"QUJD",
        b"==",
        b"-",
        b"_",
    ];
    let word = prop_oneof![
        8 => proptest::sample::select(words).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

fn content_types() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![URLENCODED, MULTIPART, JSON])
}

proptest! {
    #[test]
    fn cuts_do_not_matter(content_type in content_types(), body in bodies(), size in 1..50_usize) {
        prop_assert_eq!(read_in(content_type, &body, size), read_in(content_type, &body, usize::MAX));
    }

    #[test]
    fn any_content_type_is_taken(content_type: String, body: Vec<u8>) {
        read_in(&content_type, &body, 5);
        read_in(&format!("multipart/form-data;{content_type}"), &body, 5);
    }

    #[test]
    fn a_body_reads_like_a_query(query in bodies()) {
        let body = read_in(URLENCODED, &query, 3);
        let one_shot = Parameters::from_query(UPLOAD, &query);
        prop_assert_eq!(level(&body), one_shot.value("level"));
    }

    #[test]
    fn json_agrees_with_serde_json(level: String, data: Vec<u8>, size in 1..20_usize) {
        let text = base64_simd::STANDARD.encode_to_string(&data);
        let body = serde_json::json!({ "level": level, "data": text }).to_string();
        let outcome = read_in(JSON, body.as_bytes(), size);
        prop_assert_eq!(outcome.values[4].clone(), Some(Ok(level)));
        prop_assert_eq!(outcome.bytes, data);
    }

    #[test]
    fn file_parts_are_exact(data: Vec<u8>, size in 1..200_usize) {
        prop_assume!(!data.is_empty() && !data.windows(10).any(|window| window == b"--frontier"));
        let body = parts(&[part("name=data; filename=x", &data)]);
        prop_assert_eq!(read_in(MULTIPART, &body, size).bytes, data);
    }
}

#[test]
fn a_body_that_broke_off_keeps_its_whole_values_and_its_fault() {
    let check = |content_type: &str, body: &[u8]| {
        let mut reader = FormReader::new(UPLOAD, Some(content_type));
        reader.push(body, &mut Vec::new());
        let form = reader.break_off(Fault::new("", "gone"));
        let parameters = Parameters::from_query(UPLOAD, b"auth_password=query").with_body(form);
        assert_eq!(parameters.value("auth_username"), Some(Ok("user")), "{content_type}");
        assert_eq!(parameters.value("auth_password"), Some(Ok("query")), "half a value is none");
        assert_eq!(parameters.body_fault(), Some(&Fault::new("", "gone")));
    };
    check(URLENCODED, b"auth_username=user&auth_password=pass");
    check(JSON, br#"{"auth_username":"user","auth_password":"pass"#);
    check(
        MULTIPART,
        b"--frontier\r\nContent-Disposition: form-data; name=\"auth_username\"\r\n\r\nuser\r\n\
        --frontier\r\nContent-Disposition: form-data; name=\"auth_password\"\r\n\r\npass",
    );
}
