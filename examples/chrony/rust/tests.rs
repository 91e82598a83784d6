// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause

//! The bytes are recorded ones; what they mean stands here.

use crate::chronyc::CHRONYC;
use crate::*;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What was asked, a row for each exchange.
const QUERIES: [Query; 5] = [
    Query::Tracking,
    Query::NSources,
    Query::SourceData(0),
    Query::NtpData(LOOPBACK),
    Query::Activity,
];

/// chronyc takes a random number.
fn sequence(request: &[u8]) -> u32 {
    u32::from_be_bytes(request[8..12].try_into().unwrap())
}

fn answers() -> Vec<Answer> {
    assert_eq!(CHRONYC.len(), QUERIES.len());
    CHRONYC
        .iter()
        .zip(&QUERIES)
        .map(|(exchange, query)| {
            query
                .decode(sequence(exchange.request), exchange.response)
                .unwrap_or_else(|error| panic!("{}: {error:?}", exchange.name))
        })
        .collect()
}

#[test]
fn requests() {
    for (exchange, query) in CHRONYC.iter().zip(&QUERIES) {
        let spelt = query.encode(sequence(exchange.request));
        assert_eq!(spelt, exchange.request, "{}", exchange.name);
    }
}

/// What was measured, and counted, differs from one recording to the next and is left out.
#[test]
fn replies() {
    for answer in answers() {
        match answer {
            Answer::NSources(count) => assert_eq!(count, 1),
            Answer::SourceData(source) => {
                assert_eq!(source.address, Some(LOOPBACK));
                assert_eq!((source.stratum, source.state, source.mode), (5, 0, 0));
            }
            Answer::Tracking(tracking) => {
                assert_eq!(tracking.reference_id, 0x7f000001);
                assert_eq!(tracking.address, Some(LOOPBACK));
                assert_eq!((tracking.stratum, tracking.leap), (6, 0));
                assert!(tracking.reference_time.seconds > 1_600_000_000);
                assert!(tracking.root_delay > 0.0 && tracking.root_delay < 1.0);
            }
            Answer::Activity(activity) => {
                assert_eq!((activity.online, activity.offline), (1, 0));
            }
            Answer::NtpData(data) => {
                assert_eq!((data.remote, data.local), (Some(LOOPBACK), Some(LOOPBACK)));
                assert_eq!((data.port, data.version, data.mode), (11123, 4, 4));
                assert_eq!((data.stratum, data.reference_id), (5, 0x7f7f0101));
                assert!(data.good <= data.valid && data.valid <= data.received);
            }
        }
    }
}

#[test]
fn short_replies() {
    for (exchange, query) in CHRONYC.iter().zip(&QUERIES) {
        for length in 0..exchange.response.len() {
            let got = query.decode(sequence(exchange.request), &exchange.response[..length]);
            assert_eq!(got, Err(Error::TooShort), "{}", exchange.name);
        }
    }
}

#[test]
fn replies_to_others() {
    for (exchange, query) in CHRONYC.iter().zip(&QUERIES) {
        let other = sequence(exchange.request).wrapping_add(1);
        assert_eq!(
            query.decode(other, exchange.response),
            Err(Error::OtherRequest)
        );
    }
}

#[test]
fn refusals() {
    let mut reply = CHRONYC[3].response.to_vec();
    reply[9] = 2;
    let got = QUERIES[3].decode(sequence(CHRONYC[3].request), &reply);
    assert_eq!(got, Err(Error::Refused(2)));
}

#[test]
fn floats() {
    assert_eq!(float(0), 0.0);
    assert_eq!(float(0x02800000), 0.5);
    assert_eq!(float(0x04800000), 1.0);
    assert_eq!(float(0x05800000), -1.0);
    // What chronyc makes of it.
    assert!((float(0xe4c15b80) - 0.00002305).abs() < 1e-9);
}
