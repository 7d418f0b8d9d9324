//! How much one client may do, whoever it is.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When those that came and went are forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// Bounds of what one client, by its IP address, may do. Of IPv6, a network of 64 bits is one client.
#[derive(Debug, Clone, Copy)]
pub struct ClientLimits {
    /// Connections at once.
    pub connections: usize,
    /// Messages in a minute; as many may come in a row after a pause.
    pub messages_per_minute: u32,
}

/// All clients of a server.
pub struct Clients {
    /// None: they may do as they like.
    limits: Option<ClientLimits>,
    known: Mutex<Known>,
}

struct Known {
    clients: HashMap<IpAddr, Client>,
    swept: Instant,
}

struct Client {
    connections: usize,
    /// How many messages it may send now.
    allowance: f64,
    /// When that was reckoned.
    since: Instant,
}

impl Clients {
    /// With these bounds; without any, they may do as they like.
    pub fn new(limits: Option<ClientLimits>) -> Self {
        let known = Known { clients: HashMap::new(), swept: Instant::now() };
        Self { limits, known: Mutex::new(known) }
    }

    /// Lets a connection in; `None` if its client has as many as it may. Without an address there is no bound.
    pub fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Guest> {
        let (Some(limits), Some(address)) = (self.limits, address) else {
            return Some(Guest { clients: Arc::clone(self), address: None });
        };
        let address = client_of(address);
        let mut known = self.lock();
        known.sweep(limits);
        let client = known.client(address, limits);
        if client.connections >= limits.connections {
            return None;
        }
        client.connections += 1;
        Some(Guest { clients: Arc::clone(self), address: Some(address) })
    }

    /// Whether that client may send one more message; if so, it is counted.
    pub fn may_send(&self, address: IpAddr) -> bool {
        let Some(limits) = self.limits else { return true };
        let mut known = self.lock();
        known.sweep(limits);
        let client = known.client(client_of(address), limits);
        client.refill(limits);
        if client.allowance < 1.0 {
            return false;
        }
        client.allowance -= 1.0;
        true
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn client(&mut self, address: IpAddr, limits: ClientLimits) -> &mut Client {
        let allowance = f64::from(limits.messages_per_minute);
        self.clients.entry(address).or_insert_with(|| Client {
            connections: 0,
            allowance,
            since: Instant::now(),
        })
    }

    /// Forgets whoever is gone and has its whole allowance again, so that addresses do not pile up.
    fn sweep(&mut self, limits: ClientLimits) {
        if self.swept.elapsed() < SWEEP {
            return;
        }
        self.swept = Instant::now();
        self.clients.retain(|_, client| {
            client.refill(limits);
            client.connections > 0 || client.allowance < f64::from(limits.messages_per_minute)
        });
    }
}

impl Client {
    fn refill(&mut self, limits: ClientLimits) {
        let most = f64::from(limits.messages_per_minute);
        self.allowance = most.min(self.allowance + self.since.elapsed().as_secs_f64() * most / 60.0);
        self.since = Instant::now();
    }
}

/// A connection that was let in; its place is free again when this is dropped.
pub struct Guest {
    clients: Arc<Clients>,
    address: Option<IpAddr>,
}

impl Guest {
    /// Whether its client may send one more message; if so, it is counted.
    pub fn may_send(&self) -> bool {
        self.address.is_none_or(|address| self.clients.may_send(address))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        if let Some(client) = self.clients.lock().clients.get_mut(&address) {
            client.connections = client.connections.saturating_sub(1);
        }
    }
}

/// Whoever has an IPv6 address has a network of them.
fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_client_has_its_own_bounds() {
        let limits = ClientLimits { connections: 1, messages_per_minute: 2 };
        let clients = Arc::new(Clients::new(Some(limits)));
        let address = |text: &str| Some(text.parse().unwrap());
        let first = clients.enter(address("192.0.2.1")).unwrap();
        assert!(clients.enter(address("::ffff:192.0.2.1")).is_none(), "it is the same one");
        assert!(clients.enter(address("192.0.2.2")).is_some());
        assert_eq!([first.may_send(), first.may_send(), first.may_send()], [true, true, false]);
        drop(first);
        let again = clients.enter(address("192.0.2.1")).unwrap();
        assert!(!again.may_send(), "a new connection gives no new allowance");
        let wide = clients.enter(address("2001:db8::1")).unwrap();
        assert!(clients.enter(address("2001:db8::2")).is_none());
        assert!(clients.enter(address("2001:db8:0:1::2")).is_some());
        drop(wide);
        assert!(clients.enter(None).is_some() && clients.enter(None).is_some());
    }

    #[test]
    fn allowances_come_back_with_time_and_clients_are_forgotten() {
        let limits = ClientLimits { connections: 9, messages_per_minute: 60 };
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let clients = Arc::new(Clients::new(Some(limits)));
        while clients.may_send(address) {}
        let back = |by: Duration| Instant::now().checked_sub(by).unwrap();
        clients.lock().clients.get_mut(&address).unwrap().since = back(Duration::from_secs(2));
        assert_eq!([0; 3].map(|_| clients.may_send(address)), [true, true, false]);
        let mut known = clients.lock();
        known.clients.get_mut(&address).unwrap().since = back(Duration::from_secs(90));
        known.swept = back(Duration::from_secs(90));
        known.sweep(limits);
        assert!(known.clients.is_empty());
    }
}
