//! The numbers of a lane's requests. The network may deliver a request late, after its client has sent the same lines again
//! over another connection and has had their answers. The server performs only the request with the highest number.

/// A sequence of requests.
pub(super) struct Sequence {
    sender: String,
    number: u64,
}

impl Sequence {
    /// A sequence under a name that no other has.
    pub(super) fn new(sender: String) -> Self {
        Self { sender, number: 0 }
    }

    /// The parameters of the next request.
    pub(super) fn next(&mut self) -> String {
        self.number += 1;
        format!("sender={}&sequence={}", self.sender, self.number)
    }
}
