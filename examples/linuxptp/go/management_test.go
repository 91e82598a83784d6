// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause

package management

import (
	"bytes"
	"reflect"
	"testing"
)

var (
	// That of a network interface without a MAC address, as loopback is.
	clock   = ClockIdentity{3: 0xff, 4: 0xfe}
	quality = ClockQuality{Class: 248, Accuracy: 0xfe, Variance: 0xffff}
)

// pmc asks for a data set in each conversation; what the answers mean stands here.
var meanings = []struct {
	id     ID
	source PortIdentity // of the answer
	data   any
}{
	{DefaultDataSetID, PortIdentity{clock, 0}, &DefaultDataSet{
		Flags: 1, Ports: 1, Priority1: 128, Quality: quality, Priority2: 128, Clock: clock,
	}},
	{CurrentDataSetID, PortIdentity{clock, 0}, &CurrentDataSet{}},
	{ParentDataSetID, PortIdentity{clock, 0}, &ParentDataSet{
		Parent: PortIdentity{clock, 0}, ObservedVariance: 0xffff,
		ObservedPhaseChangeRate: 0x7fffffff, GrandmasterPriority1: 128,
		GrandmasterQuality: quality, GrandmasterPriority2: 128, Grandmaster: clock,
	}},
	{PortDataSetID, PortIdentity{clock, 1}, &PortDataSet{
		Identity: PortIdentity{clock, 1}, State: PortStateMaster, LogAnnounceInterval: -3,
		AnnounceReceiptTimeout: 3, DelayMechanism: 1, Version: 2,
	}},
}

func TestExchanges(t *testing.T) {
	recorded := append(append(append(pmc1, pmc2...), pmc3...), pmc4...)
	if len(recorded) != len(meanings) {
		t.Fatalf("%d exchanges, %d meanings", len(recorded), len(meanings))
	}
	for i, exchange := range recorded {
		meaning := meanings[i]
		t.Run(exchange.name, func(t *testing.T) {
			got := decoded(t, exchange.request)
			// pmc takes the number of its process for its port.
			pmc := PortIdentity{Port: got.Source.Port}
			request := Message{Source: pmc, Target: Everyone, Action: Get, ID: meaning.id}
			if !reflect.DeepEqual(got, request) {
				t.Errorf("the request: got %+v, want %+v", got, request)
			}
			spelled(t, request, exchange.request)

			response := Message{Source: meaning.source, Target: pmc, Action: Response,
				ID: meaning.id, Data: meaning.data}
			if got := decoded(t, exchange.response); !reflect.DeepEqual(got, response) {
				t.Errorf("the response: got %+v, want %+v", got, response)
			}
			spelled(t, response, exchange.response)

			for length := range exchange.response {
				if _, err := Decode(exchange.response[:length]); err == nil {
					t.Errorf("no error for %d bytes of the response", length)
				}
			}
		})
	}
}

func decoded(t *testing.T, message []byte) Message {
	t.Helper()
	got, err := Decode(message)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func spelled(t *testing.T, message Message, want []byte) {
	t.Helper()
	got, err := message.Encode()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("spelled % x (%v), want % x", got, err, want)
	}
}

func TestTimeInterval(t *testing.T) {
	for interval, want := range map[TimeInterval]float64{0: 0, 65536: 1, -98304: -1.5} {
		if got := interval.Nanoseconds(); got != want {
			t.Errorf("%d: got %g, want %g", interval, got, want)
		}
	}
}
