//! Request lines with blanks in them, as clients of the vendors send them.

use super::*;

#[tokio::test]
async fn a_link_with_blanks_is_served_wherever_it_stands_on_a_connection() {
    let server = Start::default().run().await;
    let mut stream = server.connect().await;
    let body = "GET /echo?not a request HTTP/1.1\r\n\r\n";
    let post = |headers: &str| {
        format!(
            "POST /echo?post HTTP/1.1\r\nHost: a.example\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        )
    };
    let get = "GET /echo?t=2024-03-05 00:00:00&u=a%20b HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let posted = format!("[post {}]", body.as_bytes().escape_ascii());
    for (sent, expected) in [
        (post(""), posted.as_str()),
        (get.to_owned(), "[t=2024-03-05%2000:00:00&u=a%20b ]"),
        (post("X-Note: a b\r\n"), &posted),
        (format!("{get}{get}"), "[t=2024-03-05%2000:00:00&u=a%20b ]"),
    ] {
        stream.write_all(sent.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, "]").await;
        assert_eq!((status(&answer), body_of(&answer)), ("200", expected), "{sent}");
    }
    // The second of the two that came at once.
    assert!(read_until(&mut stream, "]").await.ends_with("[t=2024-03-05%2000:00:00&u=a%20b ]"));
}

fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

/// A chunked body says how long it is in a way that is not followed, so blanks after it are the parser's to refuse.
#[tokio::test]
async fn what_is_not_followed_is_refused_and_never_mistaken() {
    let server = Start::default().run().await;
    let chunked = "POST /echo?x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n\
                   1c\r\nGET /echo?a b HTTP/1.1\r\n\r\n\r\n\r\n0\r\n\r\n";
    let mut stream = server.connect().await;
    stream.write_all(chunked.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "]").await;
    assert_eq!(body_of(&answer), r"[x GET /echo?a b HTTP/1.1\r\n\r\n\r\n]");
    stream.write_all(b"GET /echo?a b HTTP/1.1\r\nHost: a.example\r\n\r\n").await.unwrap();
    assert_eq!(status(&read_all(&mut stream).await), "400");
}
