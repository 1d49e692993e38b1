//! A compiler as the preprocessor knows it: what it predefines, and what it has (`__has_attribute(noreturn)` and the like).
//!
//! What a compiler has is asked when a source needs it, each question once; the answers of one compiler and set of flags are kept together.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fbuild_cpp::{BadPredefined, Dialect, Language, system_dirs_from_v};
use fbuild_model::{Command, Digest, DigestWriter, error_chain};
use fbuild_process::lock::lock;

use super::{Answer, Toolchain};

/// A compiler with its flags.
#[derive(Debug)]
pub struct CompilerDialect {
    /// What it predefines, and what it has as far as that was asked.
    pub dialect: Dialect,
    /// Asks for what it predefines.
    question: Command,
    /// Under which its answers are kept.
    key: Digest,
    /// The answers so far, by question. Locked while the compiler is asked.
    answers: Mutex<BTreeMap<String, String>>,
}

impl CompilerDialect {
    /// Makes it of the answer to `question`, which is kept under `key`.
    pub(super) fn new(
        question: Command,
        key: Digest,
        answer: &Answer,
        language: Language,
    ) -> Result<Self, BadPredefined> {
        let dirs = system_dirs_from_v(&answer.stderr);
        Ok(Self {
            dialect: Dialect::new(&answer.stdout, dirs, language)?,
            question,
            key: DigestWriter::new("what a compiler has 1")
                .digest(key)
                .finish(),
            answers: Mutex::default(),
        })
    }

    fn learn(&self, answers: &BTreeMap<String, String>) {
        let answers = answers.iter();
        let answers = answers.map(|(question, number)| (question.as_str(), number.as_str()));
        self.dialect.learn(answers);
    }
}

impl Toolchain<'_> {
    /// Recalls what a compiler answered in earlier runs.
    pub(super) fn recall_answers(&self, compiler: &CompilerDialect) {
        let bytes = self.cache.recall(compiler.key);
        if let Some(known) = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            compiler.learn(&known);
            *lock(&compiler.answers) = known;
        }
    }

    /// Asks a compiler the first of `questions`, with the others if it can answer them all. Returns whether the dialect knows the first one now.
    ///
    /// # Errors
    /// If the compiler cannot be asked, with the reason.
    pub fn answer(&self, compiler: &CompilerDialect, questions: &[String]) -> Result<bool, String> {
        let Some(first) = questions.first() else {
            return Ok(false);
        };
        let mut known = lock(&compiler.answers);
        if compiler.dialect.knows(first) {
            return Ok(true);
        }
        let mut answers = self.ask_what_it_has(compiler, questions)?;
        if answers.is_empty() && questions.len() > 1 {
            answers = self.ask_what_it_has(compiler, std::slice::from_ref(first))?;
        }
        if answers.is_empty() {
            return Ok(false);
        }
        known.extend(answers);
        compiler.learn(&known);
        if let Ok(bytes) = serde_json::to_vec(&*known) {
            self.cache.remember(compiler.key, &bytes);
        }
        Ok(compiler.dialect.knows(first))
    }

    /// Lets the compiler replace each question by a number; none if it reports an error.
    fn ask_what_it_has(
        &self,
        compiler: &CompilerDialect,
        questions: &[String],
    ) -> Result<BTreeMap<String, String>, String> {
        let scratch = self.cache.scratch().map_err(|error| error_chain(&error))?;
        let source = scratch.path().join("questions");
        let mark = "fbuild_answer";
        let lines = questions.iter().enumerate();
        let text: String = lines
            .map(|(number, question)| format!("{mark} {number} {question}\n"))
            .collect();
        fs_err::write(&source, text).map_err(|error| error.to_string())?;
        let args = compiler.question.args.iter();
        let args = args.filter(|arg| !matches!(arg.as_str(), "-dM" | "-v"));
        let args = args.map(|arg| match arg.as_str() {
            "/dev/null" => source.to_string(),
            _ => arg.clone(),
        });
        let command = Command {
            args: args.collect(),
            ..compiler.question.clone()
        };
        let output = self
            .run_question(&command)
            .map_err(|error| error_chain(&error))?;
        if !output.success {
            return Ok(BTreeMap::new());
        }
        let answered = output.stdout.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            if words.next()? != mark {
                return None;
            }
            let question = questions.get(words.next()?.parse::<usize>().ok()?)?;
            let (number, rest) = (words.next()?, words.next());
            let is_number = number.starts_with(|first: char| first.is_ascii_digit());
            (is_number && rest.is_none()).then(|| (question.clone(), number.to_owned()))
        });
        Ok(answered.collect())
    }
}
