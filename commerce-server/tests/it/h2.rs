//! An HTTP/2 client, for requests that HTTP/1.1 cannot express.

use std::future::Future;
use std::net::SocketAddr;

use axum::http::{HeaderMap, Request, Response};
use h2::client::SendRequest;

/// An answer: its status, headers and body.
pub type Answered = (u16, HeaderMap, Vec<u8>);

/// Runs a client on an HTTP/2 connection to a server, with a window of `window` bytes for each answer.
pub fn speak<T, F: Future<Output = T>>(
    server: SocketAddr,
    window: u32,
    speaking: impl FnOnce(SendRequest<bytes::Bytes>) -> F,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server).await.unwrap();
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window);
        let (client, connection) = builder.handshake(stream).await.unwrap();
        tokio::spawn(connection);
        speaking(client.ready().await.unwrap()).await
    })
}

/// Sends a request and reads the answer.
pub async fn ask(
    client: &mut SendRequest<bytes::Bytes>,
    request: Request<()>,
) -> Result<Answered, h2::Error> {
    let (coming, _) = client.send_request(request, true)?;
    let (head, mut body): (Response<()>, _) = {
        let answer = coming.await?;
        let (head, body) = answer.into_parts();
        (Response::from_parts(head, ()), body)
    };
    let mut whole = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        whole.extend(data);
    }
    Ok((head.status().as_u16(), head.headers().clone(), whole))
}
