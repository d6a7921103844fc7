// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes the events of the YAML parser a tree with places: one list of small nodes in the order
//! of the file, one text for all scalars. An alias is the number of a node, never a copy.

use foldhash::HashMap;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::problem::{Found, Place};
use super::{json, syntax};

/// Lists and mappings are this deep in each other at most. A file needs 6.
const MAX_DEPTH: usize = 32;

/// Holds a document.
#[derive(Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The texts of all scalars, behind one another.
    text: String,
}

struct Node {
    at: Place,
    kind: Kind,
    /// Of a scalar, where its text starts; of an alias, its node.
    start: u32,
    /// Of a scalar, where its text ends; of a list or a mapping, the first node behind it.
    end: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A scalar without quotes.
    Plain,
    /// A scalar in quotes, or a block of text.
    Quoted,
    List,
    Map,
    Alias,
}

/// Is where the reader is in the tree.
#[derive(Clone, Copy)]
pub(super) struct Value<'t> {
    tree: &'t Tree,
    id: u32,
}

/// Is what a value is.
pub(super) enum Shape<'t> {
    Scalar(Scalar<'t>),
    List(Children<'t>),
    /// Keys and values by turns.
    Map(Children<'t>),
}

/// Is a scalar as it was written.
#[derive(Clone, Copy)]
pub(super) struct Scalar<'t> {
    pub(super) text: &'t str,
    pub(super) is_plain: bool,
}

/// Walks over the values in a list, or over keys and values of a mapping.
pub(super) struct Children<'t> {
    tree: &'t Tree,
    next: u32,
    end: u32,
}

impl<'t> Value<'t> {
    /// Where it stands; of an alias, where that stands.
    pub(super) fn at(self) -> Place {
        self.node().map_or(Place::START, |node| node.at)
    }

    pub(super) fn shape(self) -> Shape<'t> {
        let target = match self.node() {
            Some(Node { kind: Kind::Alias, start, .. }) => Self { id: *start, ..self },
            _ => self,
        };
        let Self { tree, id } = target;
        let children = |end| Children { tree, next: id + 1, end };
        match target.node() {
            Some(Node { kind: Kind::List, end, .. }) => Shape::List(children(*end)),
            Some(Node { kind: Kind::Map, end, .. }) => Shape::Map(children(*end)),
            Some(Node { kind, start, end, .. }) => {
                let text = tree.text.get(*start as usize..*end as usize).unwrap_or_default();
                Shape::Scalar(Scalar { text, is_plain: *kind == Kind::Plain })
            }
            None => Shape::Scalar(Scalar { text: "", is_plain: true }),
        }
    }

    fn node(self) -> Option<&'t Node> {
        self.tree.nodes.get(self.id as usize)
    }
}

impl<'t> Iterator for Children<'t> {
    type Item = Value<'t>;

    fn next(&mut self) -> Option<Value<'t>> {
        let id = Some(self.next).filter(|id| *id < self.end)?;
        self.next = match self.tree.nodes.get(id as usize)? {
            Node { kind: Kind::List | Kind::Map, end, .. } => *end,
            _ => id + 1,
        };
        Some(Value { tree: self.tree, id })
    }
}

impl Tree {
    /// Reads the one document of a text. What is wrong with its syntax ends it.
    pub(super) fn read(text: &str, found: &mut Found) -> Option<Self> {
        // The YAML parser would hold all of it as tokens before it gives the first event.
        if let Some(tree) = json::read(text) {
            return Some(tree);
        }
        if syntax::has_long_brackets(text, found) {
            return None;
        }
        Self::of_yaml(text, found)
    }

    /// Has the YAML parser read it.
    pub(super) fn of_yaml(text: &str, found: &mut Found) -> Option<Self> {
        let mut maker = Maker::default();
        let mut parser = Parser::new_from_str(text);
        let mut documents = 0;
        let mut anchors = HashMap::default();
        while let Some(event) = parser.next_event() {
            match event {
                Ok((Event::DocumentStart(_), span)) => {
                    documents += 1;
                    if documents > 1 {
                        let hint = "a cluster is one document: leave out `---` and `...` before it";
                        found.hinted(place(span), "another document starts here", hint);
                        return None;
                    }
                }
                Ok((event, span)) => maker.take(event, place(span), &mut anchors, found)?,
                Err(error) => {
                    syntax::explain(&error, text, found);
                    return None;
                }
            }
        }
        Some(maker.tree)
    }

    /// Returns what the document is; `None` if there is none.
    pub(super) fn root(&self) -> Option<Value<'_>> {
        (!self.nodes.is_empty()).then_some(Value { tree: self, id: 0 })
    }
}

/// Makes a tree of one part after the other.
#[derive(Default)]
pub(super) struct Maker {
    pub(super) tree: Tree,
    /// The lists and mappings that are not at their ends yet.
    open: Vec<u32>,
}

impl Maker {
    /// Adds a scalar.
    pub(super) fn scalar(&mut self, at: Place, text: &str, is_plain: bool) {
        let start = number(self.tree.text.len());
        self.tree.text.push_str(text);
        let kind = if is_plain { Kind::Plain } else { Kind::Quoted };
        let end = number(self.tree.text.len());
        self.tree.nodes.push(Node { at, kind, start, end });
    }

    /// Begins a list or a mapping; `None` if it is too deep in others.
    pub(super) fn open(&mut self, at: Place, is_list: bool) -> Option<()> {
        if self.open.len() == MAX_DEPTH {
            return None;
        }
        self.open.push(number(self.tree.nodes.len()));
        let kind = if is_list { Kind::List } else { Kind::Map };
        self.tree.nodes.push(Node { at, kind, start: 0, end: 0 });
        Some(())
    }

    /// Ends the last list or mapping that is not at its end.
    pub(super) fn close(&mut self) {
        let end = number(self.tree.nodes.len());
        let open = self.open.pop().and_then(|id| self.tree.nodes.get_mut(id as usize));
        if let Some(node) = open {
            node.end = end;
        }
    }

    /// Takes an event; `None` says that there is no use in further ones.
    fn take(
        &mut self,
        event: Event<'_>,
        at: Place,
        anchors: &mut HashMap<usize, u32>,
        found: &mut Found,
    ) -> Option<()> {
        let id = number(self.tree.nodes.len());
        let (anchor, tag) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(at, &text, style == ScalarStyle::Plain);
                (anchor, tag)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(at, true).or_else(|| too_deep(at, found))?;
                (anchor, tag)
            }
            Event::MappingStart(anchor, tag) => {
                self.open(at, false).or_else(|| too_deep(at, found))?;
                (anchor, tag)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close();
                return Some(());
            }
            Event::Alias(anchor) => {
                let target = anchors.get(&anchor).copied();
                let Some(start) = target.filter(|id| !self.open.contains(id)) else {
                    let message = "the alias stands in what it is an alias of";
                    found.hinted(at, message, "leave it out: it would have no end");
                    return None;
                };
                self.tree.nodes.push(Node { at, kind: Kind::Alias, start, end: start });
                return Some(());
            }
            _ => return Some(()),
        };
        if anchor != 0 {
            anchors.insert(anchor, id);
        }
        refuse_tag(tag.as_deref(), at, found);
        Some(())
    }
}

fn place(span: Span) -> Place {
    Place::new(span.start.line(), span.start.col() + 1)
}

fn too_deep(at: Place, found: &mut Found) -> Option<()> {
    let message = format!("more than {MAX_DEPTH} lists and mappings are in each other");
    found.hinted(at, message, "a file needs 6");
    None
}

/// A file has fewer bytes than there are numbers.
fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn refuse_tag(tag: Option<&Tag>, at: Place, found: &mut Found) {
    if let Some(tag) = tag {
        let name = if tag.is_yaml_core_schema() {
            format!("!!{}", tag.suffix)
        } else {
            format!("{}{}", tag.handle, tag.suffix)
        };
        found.hinted(at, format!("the tag `{name}` means nothing here"), "leave it out");
    }
}
