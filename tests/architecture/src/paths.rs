// SPDX-License-Identifier: MIT OR Apache-2.0

//! Paths in a stream of tokens: those of `use` trees, and those in between.

use proc_macro2::{Delimiter, TokenTree};

/// A path as written, the name it is known by from there on, and its line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) path: Vec<String>,
    pub(crate) alias: String,
    pub(crate) line: usize,
}

pub(crate) fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

pub(crate) fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(ident)) => {
            let text = ident.to_string();
            Some(text.strip_prefix("r#").map_or(text.clone(), str::to_owned))
        }
        _ => None,
    }
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

/// Reads the path that begins at `at`; returns it and where it ends.
pub(crate) fn path(tokens: &[TokenTree], mut at: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    while let Some(name) = ident(tokens.get(at)) {
        path.push(name);
        at += 1;
        if !(is_colons(tokens, at) && ident(tokens.get(at + 2)).is_some()) {
            break;
        }
        at += 2;
    }
    (path, at)
}

/// Returns whether a path begins at `at`: with a name that is no part of a longer path.
pub(crate) fn begins(tokens: &[TokenTree], at: usize) -> bool {
    ident(tokens.get(at)).is_some()
        && is_colons(tokens, at + 1)
        && !(at > 1 && is_colons(tokens, at - 2))
        && !(at > 0 && is_punct(tokens.get(at - 1), '.'))
}

/// Reads the tree of a `use` that begins at `at`, into a path for each leaf.
pub(crate) fn tree(tokens: &[TokenTree], mut at: usize, before: &[String], into: &mut Vec<Named>) {
    let mut path = before.to_vec();
    // `::name` is the crate of that name.
    if is_colons(tokens, at) {
        at += 2;
    }
    while let Some(token) = tokens.get(at) {
        let line = token.span().start().line;
        match token {
            TokenTree::Ident(_) => path.extend(ident(Some(token))),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in inner.split(|token| is_punct(Some(token), ',')) {
                    if !branch.is_empty() {
                        tree(branch, 0, &path, into);
                    }
                }
                return;
            }
            TokenTree::Punct(punct) if punct.as_char() == '*' => path.push("*".to_owned()),
            _ => return,
        }
        at += 1;
        if is_colons(tokens, at) {
            at += 2;
            continue;
        }
        // `{self, …}` names what the braces stand behind.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let renamed = (ident(tokens.get(at)).as_deref() == Some("as"))
            .then(|| ident(tokens.get(at + 1)))
            .flatten();
        let alias = renamed.or_else(|| path.last().cloned()).unwrap_or_default();
        into.push(Named { path, alias, line });
        return;
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;

    use super::*;

    fn tokens(text: &str) -> Vec<TokenTree> {
        text.parse::<TokenStream>().expect("tokens").into_iter().collect()
    }

    #[test]
    fn a_tree_has_a_path_for_each_leaf() {
        let mut found = Vec::new();
        tree(&tokens("crate::{a, b::{self, c as d, e::*}, f};"), 0, &[], &mut found);
        let found: Vec<String> = found
            .iter()
            .map(|named| format!("{}={}", named.path.join("::"), named.alias))
            .collect();
        let wanted =
            ["crate::a=a", "crate::b=b", "crate::b::c=d", "crate::b::e::*=*", "crate::f=f"];
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_path_begins_at_its_first_name() {
        let text = tokens("let x = crate::a::b(y.c::<u8>(), d::e)");
        let begun: Vec<String> = (0..text.len())
            .filter(|&at| begins(&text, at))
            .map(|at| path(&text, at).0.join("::"))
            .collect();
        assert_eq!(begun, ["crate::a::b"]);
    }
}
