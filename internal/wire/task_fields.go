package wire

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/resources"
)

func (e *encoder) task(n protowire.Number, t *proffer.TaskInfo) {
	at := e.begin(n)
	e.text(1, string(t.ID))
	e.text(2, t.Name)
	e.resources(3, t.Resources)
	e.command(4, t.Command)
	if t.Executor != nil {
		e.message(5, EncodeExecutor(t.Executor))
	}
	if t.HealthCheck != nil {
		e.message(6, encodeHealthCheck(t.HealthCheck))
	}
	if t.Check != nil {
		e.message(7, encodeCheck(t.Check))
	}
	e.zigzag(8, int64(t.KillGrace))
	e.zigzag(9, int64(t.MaxCompletionTime))
	if t.Unreachable != nil {
		e.message(10, encodeUnreachable(t.Unreachable))
	}
	e.labels(11, t.Labels)
	e.data(12, t.Data)
	e.end(at)
}

// sortedKeys appends the keys of a map to keys.
func sortedKeys(m map[string]string, keys []string) []string {
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (e *encoder) labels(n protowire.Number, labels map[string]string) {
	var few [8]string
	for _, key := range sortedKeys(labels, few[:0]) {
		at := e.begin(n)
		e.text(1, key)
		e.text(2, labels[key])
		e.end(at)
	}
}

func (e *encoder) command(n protowire.Number, c *proffer.CommandInfo) {
	if c == nil {
		return
	}
	at := e.begin(n)
	e.raw(1, c.Shell)
	for _, arg := range c.Args {
		e.b = protowire.AppendString(protowire.AppendTag(e.b, 2, protowire.BytesType), arg)
	}
	var few [8]string
	for _, name := range sortedKeys(c.Env, few[:0]) {
		variable := e.begin(3)
		e.raw(1, name)
		e.raw(2, c.Env[name])
		e.end(variable)
	}
	e.text(4, c.User)
	for _, l := range c.Limit {
		e.message(5, &Limit{Name: l.Name, Soft: l.Soft, Hard: l.Hard})
	}
	e.end(at)
}

func (e *encoder) resources(n protowire.Number, r resources.Resources) {
	for x := range r.All() {
		at := e.begin(n)
		e.text(1, x.Name)
		e.uint(2, uint64(x.Kind))
		e.uint(3, uint64(x.Scalar))
		if len(x.Ranges) > 0 {
			ends := e.begin(4)
			for _, r := range x.Ranges {
				e.b = protowire.AppendVarint(protowire.AppendVarint(e.b, r.Begin), r.End)
			}
			e.end(ends)
		}
		for _, item := range x.Set {
			e.item(5, item)
		}
		if hasTraits(&x) {
			e.message(6, encodeTraits(&x))
		}
		e.end(at)
	}
}

// readTask reads a task into t.
func (d *decoder) readTask(b []byte, t *proffer.TaskInfo) {
	in := decoder{err: d.err}
	var few [4]resources.Resource
	list := few[:0]
	for f := (fields{d: &in, rest: b}); f.next(); {
		switch f.number {
		case 1:
			t.ID = proffer.TaskID(f.text())
		case 2:
			t.Name = f.text()
		case 3:
			list = append(list, in.readResource(f.message()))
		case 4:
			t.Command = in.readCommand(f.message())
		case 5:
			t.Executor = in.executor(read(&in, f.message(), &Executor{}))
		case 6:
			t.HealthCheck = in.healthCheck(read(&in, f.message(), &HealthCheck{}))
		case 7:
			t.Check = &proffer.Check{Probe: in.probe("check", read(&in, f.message(), &Check{}).GetProbe())}
		case 8:
			t.KillGrace = time.Duration(f.zigzag())
		case 9:
			t.MaxCompletionTime = time.Duration(f.zigzag())
		case 10:
			t.Unreachable = decodeUnreachable(read(&in, f.message(), &UnreachablePolicy{}))
		case 11:
			t.Labels = in.readPair(t.Labels, "labels: key", f.message(), (*fields).text)
		case 12:
			t.Data = f.data()
		}
	}
	requiredID[proffer.TaskID](&in, "id", string(t.ID))
	t.Resources = in.sum("resources", list)
	if in.err != nil && d.err == nil {
		d.err = fmt.Errorf("task %q: %w", excerpt(string(t.ID)), in.err)
	}
}

// readPair adds a name and its value to a map.
func (d *decoder) readPair(all map[string]string, what string, b []byte, text func(f *fields) string) map[string]string {
	var name, value string
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			name = text(&f)
		case 2:
			value = text(&f)
		}
	}
	if all == nil {
		all = make(map[string]string)
	}
	if _, twice := all[name]; twice {
		d.fail(what, fmt.Errorf("%q is there twice", excerpt(name)))
	}
	all[name] = value
	return all
}

func (d *decoder) readCommand(b []byte) *proffer.CommandInfo {
	c := &proffer.CommandInfo{}
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			c.Shell = f.raw()
		case 2:
			c.Args = append(c.Args, f.raw())
		case 3:
			c.Env = d.readPair(c.Env, "command: environment variable", f.message(), (*fields).raw)
		case 4:
			c.User = f.text()
		case 5:
			l := read(d, f.message(), &Limit{})
			c.Limit = append(c.Limit, proffer.Rlimit{Name: l.GetName(), Soft: l.GetSoft(), Hard: l.GetHard()})
		}
	}
	return c
}

func (d *decoder) readResource(b []byte) resources.Resource {
	var x resources.Resource
	in := decoder{err: d.err}
	for f := (fields{d: &in, rest: b}); f.next(); {
		switch f.number {
		case 1:
			x.Name = f.name()
		case 2:
			x.Kind = enum(&in, "kind", Kind(f.uint()), resources.KindSet)
		case 3:
			x.Scalar = resources.Scalar(f.uint())
		case 4:
			x.Ranges = in.readRanges(x.Ranges, f.message())
		case 5:
			x.Set = append(x.Set, f.text())
		case 6:
			in.traits(read(&in, f.message(), &Traits{}), &x)
		}
	}
	if in.err != nil && d.err == nil {
		d.err = fmt.Errorf("resource %q: %w", excerpt(x.Name), in.err)
	}
	return x
}

// name is text that mostly is one of a few.
func (f *fields) name() string {
	switch string(f.body) {
	case resources.CPUs:
		return resources.CPUs
	case resources.Mem:
		return resources.Mem
	case resources.Disk:
		return resources.Disk
	case resources.Ports:
		return resources.Ports
	default:
		return f.text()
	}
}

func (d *decoder) readRanges(ranges resources.Ranges, b []byte) resources.Ranges {
	for len(b) > 0 {
		begin, n := protowire.ConsumeVarint(b)
		if n < 0 {
			d.fail("ranges", protowire.ParseError(n))
			return nil
		}
		if b = b[n:]; len(b) == 0 {
			d.fail("ranges", errors.New("the last range has a beginning and no end"))
			return nil
		}
		end, n := protowire.ConsumeVarint(b)
		if n < 0 {
			d.fail("ranges", protowire.ParseError(n))
			return nil
		}
		b = b[n:]
		ranges = append(ranges, resources.Range{Begin: begin, End: end})
	}
	return ranges
}

// sum makes resources of what was read.
func (d *decoder) sum(field string, list []resources.Resource) resources.Resources {
	if len(list) == 0 || d.err != nil {
		return resources.Resources{}
	}
	r, err := resources.New(list...)
	d.within(field, err)
	return r
}

func (e *encoder) runTasks(m *protocol.RunTasks) {
	e.text(1, string(m.FrameworkID))
	e.text(2, m.User)
	e.text(3, m.Role)
	for _, t := range m.Tasks {
		e.task(4, t)
	}
	e.bool(5, m.Group)
}

func (d *decoder) readRunTasks(b []byte) *protocol.RunTasks {
	m := &protocol.RunTasks{}
	for f := (fields{d: d, rest: b}); f.next(); {
		switch f.number {
		case 1:
			m.FrameworkID = proffer.FrameworkID(f.text())
		case 2:
			m.User = f.text()
		case 3:
			m.Role = f.text()
		case 4:
			t := &proffer.TaskInfo{}
			d.readTask(f.message(), t)
			m.Tasks = append(m.Tasks, t)
		case 5:
			m.Group = f.bool()
		}
	}
	d.framework(string(m.FrameworkID))
	if len(m.Tasks) == 0 {
		d.fail("run tasks", errors.New("no task is named"))
	}
	return m
}
