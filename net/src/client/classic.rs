//! The same for a client of the classic level: two connections, no store.

use super::wire::{Event, Wire};
use super::{Host, READ_BYTES, REQUESTS_AT_ONCE, Request, Wanted, instant, mono};
use crate::Transport;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};
use verbatim_core::classic::Side;
use verbatim_core::client::{
    ClassicClient, ClassicInput, ClassicOutput, Config, Notice, WhyNoHistory,
};
use verbatim_core::now::Now;
use verbatim_core::wire::Ask;

/// Runs a client of the classic level until it leaves, or every sender of `requests` is gone. Troubles of the link are
/// the client's to tell and to mend.
pub async fn run_classic_client<T: Transport, H: Host>(
    transport: &T,
    server: &str,
    config: Config,
    requests: UnboundedReceiver<Request>,
    host: &mut H,
) {
    let begin = (ClassicClient::new(config), Instant::now());
    run(transport, server, begin, requests, host).await;
}

pub(super) async fn run<T: Transport, H: Host>(
    transport: &T,
    server: &str,
    (client, start): (ClassicClient, Instant),
    requests: UnboundedReceiver<Request>,
    host: &mut H,
) {
    let mut driver = Driver {
        client,
        start,
        outputs: Vec::new(),
        send: Wire::new(transport, server),
        receive: Wire::new(transport, server),
        over: false,
        host,
    };
    driver.run(requests).await;
}

/// Shows what was said earlier, as far as this device has it: the server has nothing.
pub(super) fn look_back(host: &mut impl Host, wanted: Wanted) {
    if let Some(Ask { with, .. }) = host.history(wanted) {
        let why = WhyNoHistory::Classic;
        host.show(Notice::NoHistory { with, why });
    }
}

struct Driver<'a, T: Transport, H> {
    client: ClassicClient,
    start: Instant,
    outputs: Vec<ClassicOutput>,
    send: Wire<'a, T>,
    receive: Wire<'a, T>,
    over: bool,
    host: &'a mut H,
}

impl<'a, T: Transport, H: Host> Driver<'a, T, H> {
    async fn run(&mut self, mut requests: UnboundedReceiver<Request>) {
        let mut listening = true;
        let mut buffers = [(); 2].map(|()| vec![0; READ_BYTES].into_boxed_slice());
        while !self.over {
            let deadline = instant(self.start, self.client.deadline());
            let [said, heard] = &mut buffers;
            // In this order: bytes that have come are heard before a deadline says that none came.
            tokio::select! {
                biased;
                event = self.send.next(said) => self.on_event(Side::Send, event, &buffers[0]),
                event = self.receive.next(heard) => self.on_event(Side::Receive, event, &buffers[1]),
                request = requests.recv(), if listening => {
                    listening = request.is_some();
                    self.on_request(request.unwrap_or(Request::Leave { forget: true }));
                }
                () = sleep_until(deadline) => self.handle(ClassicInput::Timeout),
            }
            for _ in 0..REQUESTS_AT_ONCE {
                // One that is taken after the end is lost to whoever goes on.
                match (!self.over).then(|| requests.try_recv()) {
                    Some(Ok(request)) => self.on_request(request),
                    _ => break,
                }
            }
        }
        tokio::join!(self.send.farewell(), self.receive.farewell());
    }

    fn on_event(&mut self, side: Side, event: Event, buffer: &[u8]) {
        match event {
            Event::Opened => self.handle(ClassicInput::Connected(side)),
            Event::Read(count) => self.handle(ClassicInput::Received(side, &buffer[..count])),
            Event::Ended(why) => self.handle(ClassicInput::Disconnected(side, &why)),
        }
    }

    fn on_request(&mut self, request: Request) {
        match request {
            Request::Submit {
                line,
                to,
                body,
                age_max,
            } => self.handle(ClassicInput::Submit {
                line,
                to,
                body: &body,
                age_max,
            }),
            Request::Withdraw(line) => self.handle(ClassicInput::Withdraw(line)),
            Request::Who => self.handle(ClassicInput::Who),
            Request::Kept(seq) => {
                if !self.host.on_shown(seq) {
                    self.handle(ClassicInput::Kept(seq));
                }
            }
            Request::History(wanted) => look_back(self.host, wanted),
            Request::Return => self.handle(ClassicInput::Return),
            Request::Leave { .. } => self.handle(ClassicInput::Leave),
        }
    }

    fn handle(&mut self, input: ClassicInput<'_>) {
        let now = Now {
            mono: mono(self.start.elapsed()),
            wall: self.host.wall(),
        };
        let mut outputs = std::mem::take(&mut self.outputs);
        self.client.handle(now, input, &mut outputs);
        self.host.tap_classic(now, &input, &outputs);
        for output in outputs.drain(..) {
            match output {
                ClassicOutput::Connect(side) => self.wire(side).open(),
                ClassicOutput::Send(side, bytes) => self.wire(side).send(&bytes),
                ClassicOutput::Disconnect(side) => self.wire(side).close(),
                ClassicOutput::Deliver(message) => self.host.deliver(message),
                ClassicOutput::Show(notice) => self.host.show(notice),
                ClassicOutput::Done => self.over = true,
            }
        }
        self.outputs = outputs;
    }

    fn wire(&mut self, side: Side) -> &mut Wire<'a, T> {
        match side {
            Side::Send => &mut self.send,
            Side::Receive => &mut self.receive,
        }
    }
}
