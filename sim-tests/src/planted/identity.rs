//! Identity (G9): what comes from somebody else, goes to somebody else, or tells a secret.

use super::{Bug, Onward, Roll, rewrite};
use verbatim_core::name::Name;
use verbatim_core::router::{Outgoing, Output};
use verbatim_core::wire::ServerFrame;

/// Who asks for a name that is taken is told the device that it asks with.
pub(super) struct SecretInError;

impl Bug for SecretInError {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_output(&mut self, roll: &Roll, output: Output, on: &mut Onward) {
        match output {
            Output::Send {
                conn,
                frame: Outgoing::Session(ServerFrame::Error { code, last, .. }),
            } => {
                let mut secret = String::from("refused for ");
                if let Some(device) = roll.device_on(conn) {
                    device.write_hex(&mut |digit| secret.push(char::from(digit)));
                }
                on.tell(
                    conn,
                    ServerFrame::Error {
                        code,
                        text: secret.into(),
                        last,
                        retry_after: None,
                    },
                );
            }
            output => on.outputs.push(output),
        }
    }
}

/// A delivery is from the sender of the delivery before it.
#[derive(Default)]
pub(super) struct SenderOfTheLast {
    last: Option<Name>,
}

impl Bug for SenderOfTheLast {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        on.outputs.push(match output {
            Output::Send {
                conn,
                frame: Outgoing::Delivery(message),
            } => {
                let from = message.delivery().from;
                let last = self.last.replace(from).unwrap_or(from);
                let message = rewrite::message(&message, |delivery| delivery.from = last);
                let frame = Outgoing::Delivery(message);
                Output::Send { conn, frame }
            }
            output => output,
        });
    }
}

/// Each sixth delivery goes to somebody else.
#[derive(Default)]
pub(super) struct ToTheNeighbour {
    count: u64,
}

impl Bug for ToTheNeighbour {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_output(&mut self, roll: &Roll, output: Output, on: &mut Onward) {
        let Output::Send {
            conn,
            frame: frame @ Outgoing::Delivery(_),
        } = output
        else {
            return on.outputs.push(output);
        };
        self.count += 1;
        let sixth = self.count.is_multiple_of(6);
        let other = roll.bound().find(|other| sixth && *other != conn);
        let conn = other.unwrap_or(conn);
        on.outputs.push(Output::Send { conn, frame });
    }
}
