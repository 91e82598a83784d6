// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause

//! The protocol in which chronyc asks chronyd, version 6, as candm.h of chrony defines it: five of
//! its commands, as a client needs them. All numbers have their highest byte first.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const VERSION: u8 = 6;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const REPLY_HEADER: usize = 28;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Query {
    NSources,
    SourceData(u32),
    Tracking,
    Activity,
    NtpData(IpAddr),
}

impl Query {
    /// The number of the command, that of the reply's format, and the length of its data.
    fn numbers(&self) -> (u16, u16, usize) {
        match self {
            Query::NSources => (14, 2, 4),
            Query::SourceData(_) => (15, 3, 48),
            Query::Tracking => (33, 5, 76),
            Query::Activity => (44, 12, 20),
            Query::NtpData(_) => (57, 16, 124),
        }
    }

    /// Spells the request. It is as long as its reply, so that nobody can use a server to make more
    /// traffic than he has himself. The sequence number comes back in the reply.
    pub fn encode(&self, sequence: u32) -> Vec<u8> {
        let (command, _, reply) = self.numbers();
        let mut out = vec![VERSION, REQUEST, 0, 0];
        out.extend(command.to_be_bytes());
        out.extend([0; 2]); // how often it was sent before
        out.extend(sequence.to_be_bytes());
        out.extend([0; 8]);
        match self {
            Query::SourceData(index) => out.extend(index.to_be_bytes()),
            Query::NtpData(address) => out.extend(address_bytes(*address)),
            _ => {}
        }
        out.resize(REPLY_HEADER + reply, 0);
        out
    }

    /// Reads the reply to the request with that sequence number.
    pub fn decode(&self, sequence: u32, data: &[u8]) -> Result<Answer, Error> {
        let (command, format, _) = self.numbers();
        let mut bytes = Bytes(data);
        if bytes.u8()? != VERSION || bytes.u8()? != REPLY {
            return Err(Error::NoReply);
        }
        bytes.skip(2)?;
        let answers = bytes.u16()? == command;
        let same_format = bytes.u16()? == format;
        let status = bytes.u16()?;
        bytes.skip(6)?;
        if bytes.u32()? != sequence || !answers {
            return Err(Error::OtherRequest);
        }
        bytes.skip(8)?;
        match status {
            0 if same_format => self.decode_data(&mut bytes),
            0 => Err(Error::OtherFormat),
            _ => Err(Error::Refused(status)),
        }
    }

    fn decode_data(&self, bytes: &mut Bytes) -> Result<Answer, Error> {
        Ok(match self {
            Query::NSources => Answer::NSources(bytes.u32()?),
            Query::SourceData(_) => Answer::SourceData(SourceData::decode(bytes)?),
            Query::Tracking => Answer::Tracking(Tracking::decode(bytes)?),
            Query::Activity => Answer::Activity(Activity::decode(bytes)?),
            Query::NtpData(_) => Answer::NtpData(Box::new(NtpData::decode(bytes)?)),
        })
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    TooShort,
    NoReply,
    OtherRequest,
    OtherFormat,
    /// With the status: 2 is unauthorised, 4 no such source.
    Refused(u16),
    NoAddressFamily(u16),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    NSources(u32),
    SourceData(SourceData),
    Tracking(Tracking),
    Activity(Activity),
    NtpData(Box<NtpData>),
}

/// What `chronyc sources` shows of one; offsets in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceData {
    pub address: Option<IpAddr>,
    pub poll: i16,
    pub stratum: u16,
    pub state: u16,
    pub mode: u16,
    pub flags: u16,
    pub reachability: u16,
    pub since_sample: u32,
    pub original_offset: f64,
    pub offset: f64,
    pub error: f64,
}

impl SourceData {
    fn decode(bytes: &mut Bytes) -> Result<Self, Error> {
        Ok(Self {
            address: bytes.address()?,
            poll: bytes.u16()? as i16,
            stratum: bytes.u16()?,
            state: bytes.u16()?,
            mode: bytes.u16()?,
            flags: bytes.u16()?,
            reachability: bytes.u16()?,
            since_sample: bytes.u32()?,
            original_offset: bytes.float()?,
            offset: bytes.float()?,
            error: bytes.float()?,
        })
    }
}

/// What `chronyc tracking` shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracking {
    pub reference_id: u32,
    pub address: Option<IpAddr>,
    pub stratum: u16,
    pub leap: u16,
    pub reference_time: Time,
    pub correction: f64,
    pub last_offset: f64,
    pub rms_offset: f64,
    pub frequency_ppm: f64,
    pub residual_frequency_ppm: f64,
    pub skew_ppm: f64,
    pub root_delay: f64,
    pub root_dispersion: f64,
    pub last_update_interval: f64,
}

impl Tracking {
    fn decode(bytes: &mut Bytes) -> Result<Self, Error> {
        Ok(Self {
            reference_id: bytes.u32()?,
            address: bytes.address()?,
            stratum: bytes.u16()?,
            leap: bytes.u16()?,
            reference_time: bytes.time()?,
            correction: bytes.float()?,
            last_offset: bytes.float()?,
            rms_offset: bytes.float()?,
            frequency_ppm: bytes.float()?,
            residual_frequency_ppm: bytes.float()?,
            skew_ppm: bytes.float()?,
            root_delay: bytes.float()?,
            root_dispersion: bytes.float()?,
            last_update_interval: bytes.float()?,
        })
    }
}

/// How many sources are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    pub online: u32,
    pub offline: u32,
    pub burst_online: u32,
    pub burst_offline: u32,
    pub unresolved: u32,
}

impl Activity {
    fn decode(bytes: &mut Bytes) -> Result<Self, Error> {
        Ok(Self {
            online: bytes.u32()?,
            offline: bytes.u32()?,
            burst_online: bytes.u32()?,
            burst_offline: bytes.u32()?,
            unresolved: bytes.u32()?,
        })
    }
}

/// What `chronyc ntpdata` shows of a source: its last packet, and what was made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct NtpData {
    pub remote: Option<IpAddr>,
    pub local: Option<IpAddr>,
    pub port: u16,
    pub leap: u8,
    pub version: u8,
    pub mode: u8,
    pub stratum: u8,
    pub poll: i8,
    pub precision: i8,
    pub root_delay: f64,
    pub root_dispersion: f64,
    pub reference_id: u32,
    pub reference_time: Time,
    pub offset: f64,
    pub peer_delay: f64,
    pub peer_dispersion: f64,
    pub response_time: f64,
    pub jitter_asymmetry: f64,
    pub flags: u16,
    /// `D`, `K` or `H`: made by the daemon, the kernel or the hardware.
    pub transmit_stamps: u8,
    pub receive_stamps: u8,
    pub sent: u32,
    pub received: u32,
    pub valid: u32,
    pub good: u32,
}

impl NtpData {
    fn decode(bytes: &mut Bytes) -> Result<Self, Error> {
        let data = Self {
            remote: bytes.address()?,
            local: bytes.address()?,
            port: bytes.u16()?,
            leap: bytes.u8()?,
            version: bytes.u8()?,
            mode: bytes.u8()?,
            stratum: bytes.u8()?,
            poll: bytes.u8()? as i8,
            precision: bytes.u8()? as i8,
            root_delay: bytes.float()?,
            root_dispersion: bytes.float()?,
            reference_id: bytes.u32()?,
            reference_time: bytes.time()?,
            offset: bytes.float()?,
            peer_delay: bytes.float()?,
            peer_dispersion: bytes.float()?,
            response_time: bytes.float()?,
            jitter_asymmetry: bytes.float()?,
            flags: bytes.u16()?,
            transmit_stamps: bytes.u8()?,
            receive_stamps: bytes.u8()?,
            sent: bytes.u32()?,
            received: bytes.u32()?,
            valid: bytes.u32()?,
            good: bytes.u32()?,
        };
        bytes.skip(12)?; // reserved
        Ok(data)
    }
}

/// A time of the Unix clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    pub seconds: u64,
    pub nanoseconds: u32,
}

/// A float has an exponent of 7 bits and a coefficient of 25, both with a sign.
fn float(bits: u32) -> f64 {
    let exponent = (bits as i32) >> 25;
    let coefficient = ((bits << 7) as i32) >> 7;
    f64::from(coefficient) * f64::from(exponent - 25).exp2()
}

/// 16 bytes, of which IPv4 takes the first four, the family, and two that mean nothing.
fn address_bytes(address: IpAddr) -> [u8; 20] {
    let mut out = [0; 20];
    match address {
        IpAddr::V4(address) => {
            out[..4].copy_from_slice(&address.octets());
            out[17] = 1;
        }
        IpAddr::V6(address) => {
            out[..16].copy_from_slice(&address.octets());
            out[17] = 2;
        }
    }
    out
}

/// What is left to be read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let taken = self.0.get(..N).ok_or(Error::TooShort)?;
        self.0 = &self.0[N..];
        Ok(taken.try_into().unwrap())
    }

    fn skip(&mut self, count: usize) -> Result<(), Error> {
        self.0 = self.0.get(count..).ok_or(Error::TooShort)?;
        Ok(())
    }

    fn u8(&mut self) -> Result<u8, Error> {
        self.take().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Result<u16, Error> {
        self.take().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.take().map(u32::from_be_bytes)
    }

    fn float(&mut self) -> Result<f64, Error> {
        self.u32().map(float)
    }

    fn address(&mut self) -> Result<Option<IpAddr>, Error> {
        let bytes = self.take::<16>()?;
        let family = self.u16()?;
        self.skip(2)?;
        match family {
            0 => Ok(None),
            1 => Ok(Some(
                Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).into(),
            )),
            2 => Ok(Some(Ipv6Addr::from(bytes).into())),
            _ => Err(Error::NoAddressFamily(family)),
        }
    }

    fn time(&mut self) -> Result<Time, Error> {
        // Of seconds without an upper half, this stands for it.
        const NO_HIGH: u32 = 0x7fffffff;
        let high = match self.u32()? {
            NO_HIGH => 0,
            high => u64::from(high),
        };
        Ok(Time {
            seconds: high << 32 | u64::from(self.u32()?),
            nanoseconds: self.u32()?,
        })
    }
}

#[cfg(test)]
mod chronyc;
#[cfg(test)]
mod tests;
