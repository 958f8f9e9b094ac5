//! Templates without `.Messages`: Ollama renders them once for each turn, and the last turn only up to `.Response`.

use super::parser::Tree;
use super::syntax::{Branch, Command, List, Name, Node, Pipe, Term, TermKind};

/// Whether a field of this name is used, as Ollama looks for it: letter case makes no difference, and what follows a
/// parenthesis is not looked at.
pub fn names(tree: &Tree, name: &str) -> bool {
    let used = |fields: &[Name]| fields.iter().any(|field| field.text.eq_ignore_ascii_case(name));
    let mut lists: Vec<&List> = tree.defined.values().chain([&tree.root]).collect();
    let mut pipes: Vec<&Pipe> = Vec::new();
    loop {
        if let Some(list) = lists.pop() {
            for node in list {
                match node {
                    Node::Action(pipe) | Node::Template { pipe: Some(pipe), .. } => pipes.push(pipe),
                    Node::Branch(Branch { pipe, list, otherwise, .. }) => {
                        pipes.push(pipe);
                        lists.extend([Some(list), otherwise.as_ref()].into_iter().flatten());
                    }
                    _ => {}
                }
            }
        } else if let Some(pipe) = pipes.pop() {
            for word in pipe.commands.iter().flat_map(|command| &command.words) {
                match &word.kind {
                    TermKind::Fields(fields) | TermKind::Variable(_, fields) if used(fields) => return true,
                    TermKind::Pipe(pipe) => pipes.push(pipe),
                    _ => {}
                }
            }
        } else {
            return false;
        }
    }
}

/// `{{ .Response }}`, which Ollama adds to a template that names neither it nor `.Messages`.
pub fn response(at: usize) -> Node {
    let field = Name { at, text: "Response".to_owned() };
    let word = Term { at, kind: TermKind::Fields(vec![field]) };
    let commands = vec![Command { words: vec![word] }];
    Node::Action(Pipe { at, variables: Vec::new(), declares: false, commands })
}

/// Takes out all that follows the first `.Response`.
pub fn cut(list: &List) -> List {
    let mut list = list.clone();
    cut_list(&mut list, &mut false);
    list
}

fn cut_list(list: &mut List, is_cut: &mut bool) {
    list.retain_mut(|node| {
        if *is_cut {
            return false;
        }
        match node {
            Node::Action(pipe) => keep_pipe(pipe, is_cut),
            Node::Branch(branch) => {
                cut_list(&mut branch.list, is_cut);
                if *is_cut {
                    branch.otherwise = None;
                } else if let Some(otherwise) = &mut branch.otherwise {
                    cut_list(otherwise, is_cut);
                }
                true
            }
            _ => true,
        }
    });
}

/// `false` if a command has no word left: then all of the action goes.
fn keep_pipe(pipe: &mut Pipe, is_cut: &mut bool) -> bool {
    pipe.commands.iter_mut().all(|command| {
        command.words.retain_mut(|word| !*is_cut && keep_word(word, is_cut));
        !command.words.is_empty()
    })
}

fn keep_word(word: &mut Term, is_cut: &mut bool) -> bool {
    match &mut word.kind {
        TermKind::Fields(fields) => {
            *is_cut = fields.iter().any(|field| field.text == "Response");
            true
        }
        TermKind::Pipe(pipe) => keep_pipe(pipe, is_cut),
        _ => true,
    }
}
