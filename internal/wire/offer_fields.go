package wire

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

func (e *encoder) offer(n protowire.Number, o *offers.Offer) {
	at := e.begin(n)
	e.text(1, string(o.ID))
	e.text(2, string(o.FrameworkID))
	e.text(3, string(o.AgentID))
	e.text(4, o.Hostname)
	for _, a := range EncodeAttributes(o.Attributes) {
		e.message(5, a)
	}
	if m := encodeDomain(o.Domain); m != nil {
		e.message(6, m)
	}
	e.text(7, o.Role)
	e.resources(8, o.Resources)
	if m := encodeUnavailability(o.Unavailability); m != nil {
		e.message(9, m)
	}
	e.end(at)
}

func (d *decoder) readOffer(b []byte) *offers.Offer {
	o := &offers.Offer{}
	var few [4]resources.Resource
	list := few[:0]
	var attributes []*Attribute
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			o.ID = proffer.OfferID(f.text())
		case 2:
			o.FrameworkID = proffer.FrameworkID(f.text())
		case 3:
			o.AgentID = proffer.AgentID(f.text())
		case 4:
			o.Hostname = f.text()
		case 5:
			attributes = append(attributes, read(d, f.message(), &Attribute{}))
		case 6:
			o.Domain = decodeDomain(read(d, f.message(), &Domain{}))
		case 7:
			o.Role = f.text()
		case 8:
			list = append(list, d.readResource(f.message()))
		case 9:
			o.Unavailability = d.unavailability(read(d, f.message(), &Unavailability{}))
		}
	}
	requiredID[proffer.OfferID](d, "id", string(o.ID))
	d.framework(string(o.FrameworkID))
	d.agentID(string(o.AgentID))
	o.Attributes, o.Resources = d.attributes("attributes", attributes), d.sum("resources", list)
	return o
}

func (d *decoder) readOffers(b []byte) *scheduler.OffersEvent {
	e := &scheduler.OffersEvent{}
	for f := (fields{d: d, rest: b}); f.next(); {
		if f.number != 1 {
			continue
		}
		in := decoder{}
		e.Offers = append(e.Offers, in.readOffer(f.message()))
		if in.err != nil {
			d.fail(fmt.Sprintf("offer %d", len(e.Offers)), in.err)
		}
	}
	return e
}

func (e *encoder) ids(n protowire.Number, ids []proffer.OfferID) {
	for _, id := range ids {
		e.item(n, string(id))
	}
}

func (e *encoder) accept(c *scheduler.AcceptCall) {
	at := e.begin(1)
	e.ids(1, c.OfferIDs)
	for i, op := range c.Operations {
		e.operation(2, i, op)
	}
	e.end(at)
	e.zigzag(2, int64(c.Filter.Refuse))
}

func (e *encoder) operation(n protowire.Number, i int, op offers.Operation) {
	var number protowire.Number
	var tasks []proffer.TaskInfo
	switch op := op.(type) {
	case offers.Launch:
		number, tasks = 1, op.Tasks
	case offers.LaunchGroup:
		number, tasks = 2, op.Group.Tasks
	default:
		m, err := encodeOperation(op)
		if err != nil {
			if e.err == nil {
				e.err = fmt.Errorf("operation %d: %w", i+1, err)
			}
			return
		}
		e.message(n, m)
		return
	}
	at := e.begin(n)
	launch := e.begin(number)
	for i := range tasks {
		e.task(1, &tasks[i])
	}
	e.end(launch)
	e.end(at)
}

func (d *decoder) readAccept(b []byte) *scheduler.AcceptCall {
	c := &scheduler.AcceptCall{}
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			d.readAnswer(f.message(), c)
		case 2:
			c.Filter = filter(f.zigzag())
		}
	}
	if len(c.OfferIDs) == 0 {
		d.fail("accept", errors.New("no offer is named"))
	}
	return c
}

func (d *decoder) readAnswer(b []byte, c *scheduler.AcceptCall) {
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			c.OfferIDs = append(c.OfferIDs, requiredID[proffer.OfferID](d, "offer id", f.text()))
		case 2:
			in := decoder{}
			c.Operations = append(c.Operations, in.readOperation(f.message()))
			if in.err != nil {
				d.fail(fmt.Sprintf("operation %d", len(c.Operations)), in.err)
			}
		}
	}
}

func (d *decoder) readOperation(b []byte) offers.Operation {
	number, kind, n := protowire.ConsumeTag(b)
	if n < 0 || kind != protowire.BytesType || number > 2 {
		return d.operation(read(d, b, &Operation{}))
	}
	body, m := protowire.ConsumeBytes(b[n:])
	if m < 0 || n+m != len(b) {
		return d.operation(read(d, b, &Operation{}))
	}
	tasks := d.readLaunch(body)
	if number == 1 {
		return offers.Launch{Tasks: tasks}
	}
	return offers.LaunchGroup{Group: proffer.TaskGroup{Tasks: tasks}}
}

func (d *decoder) readLaunch(b []byte) []proffer.TaskInfo {
	var tasks []proffer.TaskInfo
	for f := (fields{d: d, rest: b}); f.next(); {
		if f.number == 1 {
			tasks = append(tasks, proffer.TaskInfo{})
			d.readTask(f.message(), &tasks[len(tasks)-1])
		}
	}
	return tasks
}

func (d *decoder) readDecline(b []byte) *scheduler.DeclineCall {
	c := &scheduler.DeclineCall{}
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			c.OfferIDs = append(c.OfferIDs, requiredID[proffer.OfferID](d, "offer id", f.text()))
		case 2:
			c.Filter = filter(f.zigzag())
		}
	}
	return c
}
