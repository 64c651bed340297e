package schedulertest

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer/internal/wire"
)

// connection is one between the master and a peer: an agent, or the driver of a
// framework. Each end of it is open until that end closes it, finds it broken,
// or hears that the other end has.
type connection struct {
	cluster    *Cluster
	id         uint64 // of the link or session, too
	peer       *peer
	session    *session // of a driver's
	agent      *agent   // of an agent's
	masterOpen bool
	peerOpen   bool
	toMaster   pipe
	toPeer     pipe
}

// peer is what the master is connected to, or not.
type peer struct {
	name string
	cut  Way           // the directions in which nothing gets through
	slow time.Duration // what a message takes
	conn *connection   // nil without one
}

// Way is a direction between the master and one of its agents or frameworks.
type Way uint8

// The ways.
const (
	ToMaster   Way = 1 << iota // what the agent or framework sends is lost
	FromMaster                 // what the master sends is lost
	BothWays   = ToMaster | FromMaster
)

// String returns the way in words.
func (w Way) String() string {
	switch w {
	case ToMaster:
		return "to the master"
	case FromMaster:
		return "from the master"
	case BothWays:
		return "both ways"
	default:
		return fmt.Sprintf("Way(%d)", uint8(w))
	}
}

// connect opens a connection, at both ends at once.
func (c *Cluster) connect(p *peer) *connection {
	c.ids++
	conn := &connection{cluster: c, id: c.ids, peer: p, masterOpen: true, peerOpen: true}
	conn.toMaster.init(conn, ToMaster)
	conn.toPeer.init(conn, FromMaster)
	c.master.connections[conn.id] = conn
	p.conn = conn
	return conn
}

// closePeer closes the peer's end. Silently: as a machine does that loses its
// power; else the master is told, if that gets through.
func (conn *connection) closePeer(silently bool) {
	if !conn.peerOpen {
		return
	}
	conn.peerOpen = false
	if conn.peer.conn == conn {
		conn.peer.conn = nil
	}
	conn.toMaster.close(silently)
}

// closeMaster closes the master's end and tells the peer, if that gets through.
func (conn *connection) closeMaster() {
	if !conn.masterOpen {
		return
	}
	conn.masterOpen = false
	delete(conn.cluster.master.connections, conn.id)
	conn.toPeer.close(false)
}

// breakAt closes the end that the way leads to, because of why.
func (conn *connection) breakAt(way Way, why string) {
	c := conn.cluster
	if way == ToMaster {
		if conn.masterOpen {
			c.happens(conn.peer.name, "connection broken, finds the master: "+why, nil)
			conn.closeMaster()
			c.inputs = append(c.inputs, input{conn: conn, closed: ToMaster})
		}
		return
	}
	if conn.peerOpen {
		c.happens(conn.peer.name, "finds its connection broken: "+why, nil)
		conn.closePeer(false)
		c.inputs = append(c.inputs, input{conn: conn, closed: FromMaster, why: why})
	}
}

// pipe is one direction of a connection.
type pipe struct {
	conn     *connection
	way      Way
	sender   wire.Sender
	receiver wire.Receiver
	arrivals int           // under way
	last     time.Duration // when the last of those that keep their order arrives
	noticed  timer         // when a keepalive shows a loss
	dead     timer         // when the receiving end has heard nothing for too long
	since    time.Duration // when the way was cut
}

func (p *pipe) init(conn *connection, way Way) {
	p.conn, p.way = conn, way
	p.sender.Connection, p.receiver.Connection = conn.id, conn.id
	c := conn.cluster
	p.noticed.fire = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if p.open() && !p.cut() {
			p.post(nil)
		}
	}
	p.dead.fire = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		conn.breakAt(way, fmt.Sprintf("nothing was heard for %v", wire.DeadAfter))
	}
}

func (p *pipe) cut() bool { return p.conn.peer.cut&p.way != 0 }

// open reports whether the receiving end is.
func (p *pipe) open() bool {
	if p.way == ToMaster {
		return p.conn.masterOpen
	}
	return p.conn.peerOpen
}

// envelope is a message on its way, as bytes or, with Config.PassValues, as it
// is.
type envelope struct {
	header  wire.Header
	message any
	bytes   []byte
	closing bool
}

// post sends a message, nil for a keepalive. Without faults it arrives at once.
func (p *pipe) post(message any) {
	c := p.conn.cluster
	e := envelope{header: p.sender.Next(), message: message}
	if !c.cfg.PassValues {
		b, err := wire.Encode(e.header, message)
		if err != nil {
			c.violated("%s: a message cannot be sent: %v", p.name(), err)
			return
		}
		e.message, e.bytes = nil, b
	}
	if c.history != nil && message != nil {
		c.history.posted(p, message)
	}
	fate := c.fate(p)
	c.sent(p, message, fate)
	switch {
	case fate.lost:
		p.lose()
		return
	case fate.delay == 0 && p.arrivals == 0 && !fate.twice:
		p.arrive(e)
		return
	}
	at := c.elapsed() + fate.delay
	if !fate.overtakes {
		at = max(at, p.last)
		p.last = at
	}
	p.arriveAt(at, e)
	if fate.twice {
		p.arriveAt(at+fate.again, e)
	}
}

func (p *pipe) arriveAt(at time.Duration, e envelope) {
	c := p.conn.cluster
	p.arrivals++
	c.timers.set(&timer{fire: func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		p.arrivals--
		switch {
		case !p.cut():
			p.arrive(e)
			c.drainTold()
		case e.closing:
			p.close(true)
		default:
			p.lose()
		}
	}}, at)
}

// lose has the loss noticed by the next keepalive, if no message comes before.
// While nothing at all gets through it is silence that is noticed.
func (p *pipe) lose() {
	p.conn.cluster.stats.Lost++
	if !p.cut() && !p.noticed.Set() {
		p.conn.cluster.timers.set(&p.noticed, p.conn.cluster.elapsed()+wire.KeepaliveInterval)
	}
}

// close tells the receiving end that the other has closed the connection, or
// has it find out.
func (p *pipe) close(silently bool) {
	c := p.conn.cluster
	c.timers.stop(&p.noticed)
	switch {
	case !p.open():
	case silently || p.cut():
		if !p.dead.Set() {
			c.timers.set(&p.dead, c.elapsed()+wire.DeadAfter)
		}
	case p.arrivals == 0 && p.conn.peer.slow == 0:
		p.arrive(envelope{closing: true})
	default:
		p.arriveAt(max(c.elapsed()+p.conn.peer.slow, p.last), envelope{closing: true})
	}
}

// block begins or ends a cut.
func (p *pipe) block(cut bool) {
	c := p.conn.cluster
	if cut {
		p.since = c.elapsed()
		if p.open() && !p.dead.Set() {
			c.timers.set(&p.dead, c.elapsed()+wire.DeadAfter)
		}
		return
	}
	senderOpen := p.conn.peerOpen
	if p.way == FromMaster {
		senderOpen = p.conn.masterOpen
	}
	if !senderOpen {
		return // the silence goes on
	}
	c.timers.stop(&p.dead)
	if c.elapsed()-p.since >= wire.KeepaliveInterval {
		p.sender.Next() // that of a keepalive that was lost
	}
	if p.sender.Sent() != p.receiver.Received() && !p.noticed.Set() {
		c.timers.set(&p.noticed, c.elapsed()+wire.KeepaliveInterval)
	}
}

// arrive hands an envelope to the receiving end.
func (p *pipe) arrive(e envelope) {
	if !p.open() {
		return
	}
	if e.closing {
		p.conn.breakAt(p.way, "the other end has closed it")
		return
	}
	header, message, err := p.decode(e)
	if err != nil {
		p.conn.cluster.violated("%s: a message cannot be read: %v", p.name(), err)
		return
	}
	deliver, err := p.receiver.Receive(header)
	switch {
	case err != nil:
		p.conn.breakAt(p.way, err.Error())
	case !deliver || message == nil:
	case p.way == ToMaster:
		p.conn.cluster.inputs = append(p.conn.cluster.inputs, input{conn: p.conn, message: message})
	case p.conn.agent != nil:
		p.conn.agent.arrived(message)
	default:
		p.conn.session.arrived(message)
	}
}

func (p *pipe) decode(e envelope) (header wire.Header, message any, err error) {
	if e.bytes == nil {
		return e.header, e.message, nil
	}
	switch {
	case p.way == ToMaster && p.conn.agent != nil:
		h, m, err := wire.DecodeToMaster(e.bytes)
		return h, orNil(m), err
	case p.way == ToMaster:
		return wire.DecodeCall(e.bytes)
	case p.conn.agent != nil:
		h, m, err := wire.DecodeToAgent(e.bytes)
		return h, orNil(m), err
	default:
		return wire.DecodeEvent(e.bytes)
	}
}

// orNil is for a keepalive, whose message is nil.
func orNil[M comparable](m M) any {
	var none M
	if m == none {
		return nil
	}
	return m
}

func (p *pipe) name() string {
	if p.way == ToMaster {
		return p.conn.peer.name + " → master"
	}
	return "master → " + p.conn.peer.name
}
