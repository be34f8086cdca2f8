//! The stream of the usual words, a frame at a time and without a tree: benches ask for it by the thousand.

use sluicegate_protocols::openai_chat::encode::ChunkWriter;

use crate::plan::Plan;
use crate::state::unix_nanos;

/// The frames in order, each with the tokens of text it carries.
pub(crate) struct WordFrames {
    plan: Plan,
    writer: ChunkWriter,
    choice: u32,
    step: Step,
    word: String,
}

#[derive(Clone, Copy)]
enum Step {
    Role,
    Word(u64),
    Finish,
    Usage,
    Done,
    Over,
}

impl WordFrames {
    pub(super) fn new(plan: Plan, id: &str) -> Self {
        let writer = ChunkWriter::new(&plan.head(id), plan.usage_chunk);
        Self {
            writer,
            choice: 0,
            step: Step::Role,
            word: String::new(),
            plan,
        }
    }

    /// Appends the next frame; gives its tokens, or `None` at the end.
    pub(crate) fn next(&mut self, out: &mut Vec<u8>) -> Option<u64> {
        match self.step {
            Step::Role => {
                self.writer.role(out, self.choice);
                self.step = self.word_or_finish(0);
                Some(0)
            }
            Step::Word(position) => {
                self.content(position, out);
                self.step = self.word_or_finish(position + 1);
                Some(1)
            }
            Step::Finish => {
                self.writer.finish(out, self.choice, &self.plan.finish());
                self.choice += 1;
                self.step = if self.choice < self.plan.n {
                    Step::Role
                } else {
                    Step::Usage
                };
                Some(0)
            }
            Step::Usage if self.plan.usage_chunk => {
                self.writer.usage(out, &self.plan.counts);
                self.step = Step::Done;
                Some(0)
            }
            Step::Usage | Step::Done if self.plan.model.behaviour.end_marker => {
                self.writer.done(out);
                self.step = Step::Over;
                Some(0)
            }
            Step::Usage | Step::Done | Step::Over => None,
        }
    }

    fn word_or_finish(&self, position: u64) -> Step {
        if position < self.plan.words {
            Step::Word(position)
        } else {
            Step::Finish
        }
    }

    fn content(&mut self, position: u64, out: &mut Vec<u8>) {
        self.word.clear();
        self.plan.word(position, &mut self.word);
        if self.plan.model.behaviour.stamp_chunks {
            self.word.push_str(" @");
            self.word.push_str(&unix_nanos().to_string());
        }
        self.writer.text(out, self.choice, &self.word);
    }

    /// Whether what comes next belongs to the end of the stream and not to its text.
    pub(crate) fn is_tail(&self) -> bool {
        matches!(self.step, Step::Usage | Step::Done | Step::Over)
    }
}
