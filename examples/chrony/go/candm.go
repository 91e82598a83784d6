// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause

// Package candm speaks the protocol in which chronyc asks chronyd, version 6, as candm.h of chrony
// defines it. It knows five of its commands. All numbers have their highest byte first.
package candm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"time"
)

const (
	version     = 6
	typeRequest = 1
	typeReply   = 2
)

// A Command is what is asked for.
type Command uint16

// Commands, by their numbers.
const (
	CommandNSources   Command = 14
	CommandSourceData Command = 15
	CommandTracking   Command = 33
	CommandActivity   Command = 44
	CommandNTPData    Command = 57
)

// replyCode tells the format of a reply; commands are answered in one each.
var replyCode = map[Command]uint16{
	CommandNSources:   2,
	CommandSourceData: 3,
	CommandTracking:   5,
	CommandActivity:   12,
	CommandNTPData:    16,
}

// newReply has something to decode each format into.
var newReply = map[uint16]func() any{
	2:  func() any { return new(NSources) },
	3:  func() any { return new(SourceData) },
	5:  func() any { return new(Tracking) },
	12: func() any { return new(Activity) },
	16: func() any { return new(NTPData) },
}

// A Request asks for something; the sequence number comes back in the reply.
type Request struct {
	Command  Command
	Attempt  uint16 // how often it was sent before
	Sequence uint32
	Argument any // an Index for source data, an Address for NTP data, else nil
}

// A Reply answers a request. It has no data unless the status is 0.
type Reply struct {
	Command  Command
	Status   uint16
	Sequence uint32
	Data     any // *NSources, *SourceData, *Tracking, *Activity, *NTPData, or nil
}

type requestHeader struct {
	Version, Type, _, _ uint8
	Command             Command
	Attempt             uint16
	Sequence            uint32
	_, _                uint32
}

type replyHeader struct {
	Version, Type, _, _ uint8
	Command             Command
	Code                uint16
	Status              uint16
	_, _, _             uint16
	Sequence            uint32
	_, _                uint32
}

// An Index is the number of a source.
type Index uint32

// NSources is how many sources there are.
type NSources struct {
	Count uint32
}

// SourceData is what `chronyc sources` shows of one.
type SourceData struct {
	Address          Address
	Poll             int16
	Stratum          uint16
	State            uint16
	Mode             uint16
	Flags            uint16
	Reachability     uint16
	SinceSample      uint32
	OriginalOffset   Float
	Offset           Float
	MeasurementError Float
}

// Tracking is what `chronyc tracking` shows.
type Tracking struct {
	ReferenceID        uint32
	Address            Address
	Stratum            uint16
	Leap               uint16
	ReferenceTime      Time
	Correction         Float
	LastOffset         Float
	RMSOffset          Float
	Frequency          Float
	ResidualFrequency  Float
	Skew               Float
	RootDelay          Float
	RootDispersion     Float
	LastUpdateInterval Float
}

// Activity is how many sources are in which state.
type Activity struct {
	Online, Offline, BurstOnline, BurstOffline, Unresolved uint32
}

// NTPData is what `chronyc ntpdata` shows of a source: its last packet, and what was made of it.
type NTPData struct {
	Remote, Local   Address
	Port            uint16
	Leap            uint8
	Version         uint8
	Mode            uint8
	Stratum         uint8
	Poll            int8
	Precision       int8
	RootDelay       Float
	RootDispersion  Float
	ReferenceID     uint32
	ReferenceTime   Time
	Offset          Float
	PeerDelay       Float
	PeerDispersion  Float
	ResponseTime    Float
	JitterAsymmetry Float
	Flags           uint16
	TransmitStamps  uint8 // D, K or H: made by the daemon, the kernel or the hardware
	ReceiveStamps   uint8
	Sent            uint32
	Received        uint32
	Valid           uint32
	Good            uint32
	Reserved        [3]uint32
}

// An Address of IPv4 stands in the first four bytes.
type Address struct {
	Bytes  [16]byte
	Family uint16 // 0: none, 1: IPv4, 2: IPv6
	_      uint16
}

// AddressOf makes an Address.
func AddressOf(ip net.IP) Address {
	address := Address{Family: 2}
	if four := ip.To4(); four != nil {
		address.Family = 1
		ip = four
	}
	copy(address.Bytes[:], ip)
	return address
}

// A Time is one of the Unix clock.
type Time struct {
	High, Low, Nanoseconds uint32
}

// noHigh stands for the upper half of seconds that have none.
const noHigh = 0x7fffffff

// Time makes a time.Time of it.
func (t Time) Time() time.Time {
	high := t.High
	if high == noHigh {
		high = 0
	}
	return time.Unix(int64(high)<<32|int64(t.Low), int64(t.Nanoseconds))
}

// A Float has an exponent of 7 bits and a coefficient of 25, both with a sign.
type Float uint32

// Value makes a float64 of it.
func (f Float) Value() float64 {
	exponent := int32(f) >> 25
	coefficient := int32(f) << 7 >> 7
	return math.Ldexp(float64(coefficient), int(exponent)-25)
}

// Encode spells a request. It is as long as its reply, so that nobody can use a server to make more
// traffic than he has himself.
func (r Request) Encode() ([]byte, error) {
	code, known := replyCode[r.Command]
	if !known {
		return nil, fmt.Errorf("candm: command %d is not known", r.Command)
	}
	length := binary.Size(replyHeader{}) + binary.Size(newReply[code]())
	return encode(length, requestHeader{Version: version, Type: typeRequest, Command: r.Command,
		Attempt: r.Attempt, Sequence: r.Sequence}, r.Argument)
}

// Encode spells a reply.
func (r Reply) Encode() ([]byte, error) {
	header := replyHeader{Version: version, Type: typeReply, Command: r.Command, Code: 1,
		Status: r.Status, Sequence: r.Sequence}
	if r.Data != nil {
		header.Code = replyCode[r.Command]
	}
	return encode(0, header, r.Data)
}

// encode spells the values and fills up with zeros.
func encode(length int, values ...any) ([]byte, error) {
	var out bytes.Buffer
	for _, value := range values {
		if value == nil {
			continue
		}
		if err := binary.Write(&out, binary.BigEndian, value); err != nil {
			return nil, fmt.Errorf("candm: %w", err)
		}
	}
	if out.Len() < length {
		out.Write(make([]byte, length-out.Len()))
	}
	return out.Bytes(), nil
}

// DecodeRequest reads a request.
func DecodeRequest(data []byte) (Request, error) {
	var header requestHeader
	in := bytes.NewReader(data)
	if err := decode(in, &header); err != nil {
		return Request{}, err
	}
	if header.Version != version || header.Type != typeRequest {
		return Request{}, fmt.Errorf("candm: no request of version %d", version)
	}
	request := Request{Command: header.Command, Attempt: header.Attempt, Sequence: header.Sequence}
	var err error
	switch header.Command {
	case CommandSourceData:
		var index Index
		err = decode(in, &index)
		request.Argument = index
	case CommandNTPData:
		var address Address
		err = decode(in, &address)
		request.Argument = address
	}
	return request, err
}

// DecodeReply reads a reply.
func DecodeReply(data []byte) (Reply, error) {
	var header replyHeader
	in := bytes.NewReader(data)
	if err := decode(in, &header); err != nil {
		return Reply{}, err
	}
	if header.Version != version || header.Type != typeReply {
		return Reply{}, fmt.Errorf("candm: no reply of version %d", version)
	}
	reply := Reply{Command: header.Command, Status: header.Status, Sequence: header.Sequence}
	if header.Status != 0 {
		return reply, nil
	}
	if code, known := replyCode[header.Command]; !known || code != header.Code {
		return Reply{}, fmt.Errorf("candm: reply %d to command %d is not known",
			header.Code, header.Command)
	}
	reply.Data = newReply[header.Code]()
	return reply, decode(in, reply.Data)
}

func decode(in *bytes.Reader, value any) error {
	if need := binary.Size(value); in.Len() < need {
		return fmt.Errorf("candm: %d bytes, where %d are needed", in.Len(), need)
	}
	return binary.Read(in, binary.BigEndian, value)
}
