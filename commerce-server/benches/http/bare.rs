//! The cost of HTTP by itself: plain hyper and axum with an empty route and an echo.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use crate::work::Result;

/// Listens until the runtime ends.
pub async fn start() -> Result<SocketAddr> {
    let router = Router::new().route("/empty", get(async || "")).route("/v1/orders", post(echo));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // If it fails, the comparison only gets slower.
            let _ = stream.set_nodelay(true);
            let service = TowerToHyperService::new(router.clone());
            tokio::spawn(async move {
                let builder = Builder::new(TokioExecutor::new()).http1_only();
                builder.serve_connection(TokioIo::new(stream), service).await
            });
        }
    });
    Ok(address)
}

/// Parses JSON and sends it back.
async fn echo(body: Bytes) -> impl IntoResponse {
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], value.to_string())
}
