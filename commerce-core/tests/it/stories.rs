//! Plays the stories through the library.

use serde_json::Value;

use crate::shop::{Shop, everywhere};
use crate::story;

impl story::Door for Shop {
    fn submit(&mut self, operation: &Value) -> Value {
        Shop::submit(self, operation)
    }

    fn ask(&mut self, query: &str, with: &Value) -> Value {
        Shop::ask(self, query, with)
    }
}

#[test]
fn the_stories_hold_in_the_library() {
    everywhere(|on| story::play_all(|| Box::new(Shop::on(on))));
}
