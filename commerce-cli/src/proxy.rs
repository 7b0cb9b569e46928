//! The HTTP proxy that the environment names, by the variables that `curl` and other clients read.

/// A proxy, by which variable it is named, and the hosts that are reached directly.
pub struct Proxy {
    /// The variable.
    pub variable: &'static str,
    /// Its value, which can hold a password.
    pub url: String,
    /// The value of NO_PROXY.
    pub except: String,
}

impl Proxy {
    /// The proxy for requests with or without TLS. The name in lower case comes first, as in `curl`.
    pub fn of_environment(tls: bool) -> Option<Self> {
        Self::among(tls, &|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    fn among(tls: bool, value: &dyn Fn(&'static str) -> Option<String>) -> Option<Self> {
        let of_scheme = if tls { ["https_proxy", "HTTPS_PROXY"] } else { ["http_proxy", "HTTP_PROXY"] };
        let names = of_scheme.into_iter().chain(["all_proxy", "ALL_PROXY"]);
        let (variable, url) = names.into_iter().find_map(|name| Some((name, value(name)?)))?;
        let except = value("no_proxy").or_else(|| value("NO_PROXY")).unwrap_or_default();
        Some(Self { variable, url: url.trim().into(), except })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variable that is used, for requests with and without TLS, when these variables are set to their own names.
    fn chosen(set: &[&str]) -> [Option<&'static str>; 2] {
        let value = |name: &str| set.contains(&name).then(|| name.to_owned());
        [true, false].map(|tls| Proxy::among(tls, &value).map(|proxy| proxy.variable))
    }

    #[test]
    fn the_variable_of_the_scheme_comes_before_that_of_all_and_lower_case_before_upper() {
        assert_eq!(chosen(&["NO_PROXY"]), [None, None]);
        assert_eq!(chosen(&["HTTPS_PROXY"]), [Some("HTTPS_PROXY"), None]);
        assert_eq!(
            chosen(&["HTTPS_PROXY", "https_proxy", "HTTP_PROXY"]),
            [Some("https_proxy"), Some("HTTP_PROXY")]
        );
        assert_eq!(chosen(&["ALL_PROXY", "http_proxy"]), [Some("ALL_PROXY"), Some("http_proxy")]);
        assert_eq!(chosen(&["ALL_PROXY", "all_proxy"]), [Some("all_proxy"); 2]);
        let set =
            |name: &str| ["HTTP_PROXY", "no_proxy", "NO_PROXY"].contains(&name).then(|| name.to_owned());
        assert_eq!(Proxy::among(false, &set).unwrap().except, "no_proxy");
    }
}
