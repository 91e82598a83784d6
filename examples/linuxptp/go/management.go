// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause

// Package management reads and writes the management messages of PTP, as IEEE 1588-2008 defines them
// in its clauses 13 and 15. It knows four data sets. All numbers have their highest byte first.
package management

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const (
	messageType   = 0xd
	version       = 2
	control       = 4
	noInterval    = 0x7f
	managementTLV = 1
)

// An Action is what a message wants, or does.
type Action uint8

// Actions, by their numbers.
const (
	Get Action = iota
	Set
	Response
	Command
	Acknowledge
)

// An ID names a data set.
type ID uint16

// IDs, by their numbers.
const (
	DefaultDataSetID ID = 0x2000
	CurrentDataSetID ID = 0x2001
	ParentDataSetID  ID = 0x2002
	PortDataSetID    ID = 0x2004
)

var newData = map[ID]func() any{
	DefaultDataSetID: func() any { return new(DefaultDataSet) },
	CurrentDataSetID: func() any { return new(CurrentDataSet) },
	ParentDataSetID:  func() any { return new(ParentDataSet) },
	PortDataSetID:    func() any { return new(PortDataSet) },
}

// A Message asks for a data set, or has one.
type Message struct {
	Domain   uint8
	Source   PortIdentity
	Sequence uint16 // a response has that of its request
	Target   PortIdentity
	Action   Action
	ID       ID
	Data     any // *DefaultDataSet, *CurrentDataSet, *ParentDataSet or *PortDataSet
}

// A ClockIdentity is made of the clock's MAC address.
type ClockIdentity [8]byte

// A PortIdentity names a port of a clock; it is 0 for the clock as a whole.
type PortIdentity struct {
	Clock ClockIdentity
	Port  uint16
}

// Everyone is the target of what all ports are asked.
var Everyone = PortIdentity{ClockIdentity{255, 255, 255, 255, 255, 255, 255, 255}, 0xffff}

// ClockQuality is what a clock says of itself.
type ClockQuality struct {
	Class    uint8
	Accuracy uint8
	Variance uint16
}

// A TimeInterval is in nanoseconds, times 65536.
type TimeInterval int64

// Nanoseconds has a fraction.
func (t TimeInterval) Nanoseconds() float64 {
	return float64(t) / 65536
}

// DefaultDataSet is what a clock is.
type DefaultDataSet struct {
	Flags     uint8 // 1: two steps; 2: slave only
	Reserved1 uint8
	Ports     uint16
	Priority1 uint8
	Quality   ClockQuality
	Priority2 uint8
	Clock     ClockIdentity
	Domain    uint8
	Reserved2 uint8
}

// CurrentDataSet is how a clock stands to its master.
type CurrentDataSet struct {
	StepsRemoved     uint16
	OffsetFromMaster TimeInterval
	MeanPathDelay    TimeInterval
}

// ParentDataSet is what a clock knows of its master and of the grandmaster.
type ParentDataSet struct {
	Parent                  PortIdentity
	Statistics              uint8
	Reserved                uint8
	ObservedVariance        uint16
	ObservedPhaseChangeRate int32
	GrandmasterPriority1    uint8
	GrandmasterQuality      ClockQuality
	GrandmasterPriority2    uint8
	Grandmaster             ClockIdentity
}

// PortStateMaster is the state of a port that gives the time.
const PortStateMaster = 6

// PortDataSet is what a port is and how it is set up; intervals are powers of two of a second.
type PortDataSet struct {
	Identity                PortIdentity
	State                   uint8
	LogMinDelayReqInterval  int8
	PeerMeanPathDelay       TimeInterval
	LogAnnounceInterval     int8
	AnnounceReceiptTimeout  uint8
	LogSyncInterval         int8
	DelayMechanism          uint8
	LogMinPdelayReqInterval int8
	Version                 uint8
}

// wire is all of a message but the data.
type wire struct {
	MessageType  uint8
	Version      uint8
	Length       uint16
	Domain       uint8
	_            uint8
	Flags        uint16
	Correction   TimeInterval
	_            uint32
	Source       PortIdentity
	Sequence     uint16
	Control      uint8
	Interval     uint8
	Target       PortIdentity
	StartingHops uint8
	Hops         uint8
	Action       Action
	_            uint8
	TLV          uint16
	TLVLength    uint16
	ID           ID
}

// lengthBeforeID is what the length of the TLV, which begins with the ID, does not count.
const lengthBeforeID = 52

// Encode spells a message. A request without data has zeros in its place, as pmc does it.
func (m Message) Encode() ([]byte, error) {
	data := m.Data
	if data == nil {
		known, ok := newData[m.ID]
		if !ok {
			return nil, fmt.Errorf("management: ID %#x is not known", m.ID)
		}
		data = known()
	}
	head := wire{MessageType: messageType, Version: version, Domain: m.Domain, Source: m.Source,
		Sequence: m.Sequence, Control: control, Interval: noInterval, Target: m.Target,
		Action: m.Action, TLV: managementTLV, ID: m.ID}
	length := binary.Size(head) + binary.Size(data)
	head.Length = uint16(length)
	head.TLVLength = uint16(length - lengthBeforeID)
	var out bytes.Buffer
	if err := binary.Write(&out, binary.BigEndian, head); err != nil {
		return nil, fmt.Errorf("management: %w", err)
	}
	if err := binary.Write(&out, binary.BigEndian, data); err != nil {
		return nil, fmt.Errorf("management: %w", err)
	}
	return out.Bytes(), nil
}

// Decode reads a message. One that gets something has no data, whatever stands there.
func Decode(message []byte) (Message, error) {
	var head wire
	in := bytes.NewReader(message)
	if err := decode(in, &head); err != nil {
		return Message{}, err
	}
	// The upper halves have other meanings.
	if head.MessageType&0xf != messageType || head.Version&0xf != version {
		return Message{}, fmt.Errorf("management: no management message of PTP version %d", version)
	}
	if head.TLV != managementTLV {
		return Message{}, fmt.Errorf("management: a TLV of type %d is not known", head.TLV)
	}
	if int(head.Length) != len(message) || int(head.TLVLength) != len(message)-lengthBeforeID {
		return Message{}, fmt.Errorf("management: lengths of %d and %d in a message of %d bytes",
			head.Length, head.TLVLength, len(message))
	}
	m := Message{Domain: head.Domain, Source: head.Source, Sequence: head.Sequence,
		Target: head.Target, Action: head.Action & 0xf, ID: head.ID}
	if m.Action == Get {
		return m, nil
	}
	known, ok := newData[head.ID]
	if !ok {
		return Message{}, fmt.Errorf("management: ID %#x is not known", head.ID)
	}
	m.Data = known()
	return m, decode(in, m.Data)
}

func decode(in *bytes.Reader, value any) error {
	if need := binary.Size(value); in.Len() < need {
		return fmt.Errorf("management: %d bytes, where %d are needed", in.Len(), need)
	}
	return binary.Read(in, binary.BigEndian, value)
}
