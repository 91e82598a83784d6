// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause

package candm

import (
	"bytes"
	"math"
	"net"
	"reflect"
	"testing"
)

var loopback = AddressOf(net.IPv4(127, 0, 0, 1))

// What the recorded bytes mean, a row for each exchange. What was measured, and counted, differs
// from one recording to the next and is left out.
var meanings = []struct {
	command  Command
	argument any
	data     any
}{
	{CommandTracking, nil, &Tracking{ReferenceID: 0x7f000001, Address: loopback, Stratum: 6}},
	{CommandNSources, nil, &NSources{Count: 1}},
	{CommandSourceData, Index(0), &SourceData{Address: loopback, Stratum: 5}},
	{CommandNTPData, loopback, &NTPData{
		Remote: loopback, Local: loopback, Port: 11123, Version: 4, Mode: 4, Stratum: 5,
		ReferenceID: 0x7f7f0101, TransmitStamps: 'K', ReceiveStamps: 'K',
	}},
	{CommandActivity, nil, &Activity{Online: 1}},
}

func steady(data any) any {
	switch data := data.(type) {
	case *Tracking:
		return &Tracking{ReferenceID: data.ReferenceID, Address: data.Address,
			Stratum: data.Stratum, Leap: data.Leap}
	case *SourceData:
		return &SourceData{Address: data.Address, Poll: data.Poll, Stratum: data.Stratum,
			State: data.State, Mode: data.Mode, Flags: data.Flags}
	case *NTPData:
		return &NTPData{Remote: data.Remote, Local: data.Local, Port: data.Port, Leap: data.Leap,
			Version: data.Version, Mode: data.Mode, Stratum: data.Stratum, Poll: data.Poll,
			ReferenceID: data.ReferenceID, TransmitStamps: data.TransmitStamps,
			ReceiveStamps: data.ReceiveStamps}
	}
	return data
}

func TestEveryExchangeHasAMeaning(t *testing.T) {
	if len(chronyc) != len(meanings) {
		t.Fatalf("%d exchanges, %d meanings", len(chronyc), len(meanings))
	}
}

func TestRequests(t *testing.T) {
	for i, exchange := range chronyc {
		t.Run(exchange.name, func(t *testing.T) {
			got, err := DecodeRequest(exchange.request)
			if err != nil {
				t.Fatal(err)
			}
			// chronyc takes a random number.
			want := Request{Command: meanings[i].command, Sequence: got.Sequence,
				Argument: meanings[i].argument}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			spelt, err := want.Encode()
			if err != nil || !bytes.Equal(spelt, exchange.request) {
				t.Errorf("spelt % x (%v), want % x", spelt, err, exchange.request)
			}
		})
	}
}

func TestReplies(t *testing.T) {
	for i, exchange := range chronyc {
		t.Run(exchange.name, func(t *testing.T) {
			request, err := DecodeRequest(exchange.request)
			if err != nil {
				t.Fatal(err)
			}
			reply, err := DecodeReply(exchange.response)
			if err != nil {
				t.Fatal(err)
			}
			if reply.Command != request.Command || reply.Sequence != request.Sequence {
				t.Errorf("%+v does not answer %+v", reply, request)
			}
			if got := steady(reply.Data); !reflect.DeepEqual(got, meanings[i].data) {
				t.Errorf("got %+v, want %+v", got, meanings[i].data)
			}
			spelt, err := reply.Encode()
			if err != nil || !bytes.Equal(spelt, exchange.response) {
				t.Errorf("spelt % x (%v), want % x", spelt, err, exchange.response)
			}
		})
	}
}

func TestShortMessages(t *testing.T) {
	for _, exchange := range chronyc {
		for length := range exchange.response {
			if _, err := DecodeReply(exchange.response[:length]); err == nil {
				t.Errorf("%s: no error for %d bytes of a reply", exchange.name, length)
			}
		}
	}
}

func TestRefusal(t *testing.T) {
	refusal := Reply{Command: CommandNTPData, Status: 2, Sequence: 7} // 2: unauthorised
	spelt, err := refusal.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeReply(spelt)
	if err != nil || got != refusal {
		t.Errorf("got %+v (%v), want %+v", got, err, refusal)
	}
}

func TestFloat(t *testing.T) {
	for float, want := range map[Float]float64{
		0:          0,
		0x02800000: 0.5,
		0x04800000: 1,
		0x04800001: 1 + 0x1p-23,
		0x05800000: -1,
		0xe4c15b80: 0.00002305, // what chronyc makes of it
	} {
		if got := float.Value(); math.Abs(got-want) > 1e-9 {
			t.Errorf("%#x: got %g, want %g", uint32(float), got, want)
		}
	}
}

func TestTime(t *testing.T) {
	for time, want := range map[Time]int64{
		{0, 1000000000, 5}:      1000000000_000000005,
		{noHigh, 1000000000, 0}: 1000000000_000000000,
		{1, 0, 0}:               1 << 32 * 1000000000,
	} {
		if got := time.Time().UnixNano(); got != want {
			t.Errorf("%+v: got %d, want %d", time, got, want)
		}
	}
}
