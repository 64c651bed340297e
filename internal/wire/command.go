package wire

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/proffer-go/proffer"
)

func encodeCommand(c *proffer.CommandInfo) *Command {
	if c == nil {
		return nil
	}
	m := &Command{Shell: []byte(c.Shell), User: c.User}
	if len(c.Args) > 0 {
		m.Args = make([][]byte, len(c.Args))
		for i, arg := range c.Args {
			m.Args[i] = []byte(arg)
		}
	}
	if len(c.Env) > 0 {
		list := make([]Variable, len(c.Env))
		m.Environment = make([]*Variable, len(c.Env))
		for i, name := range slices.Sorted(maps.Keys(c.Env)) {
			list[i].Name, list[i].Value = []byte(name), []byte(c.Env[name])
			m.Environment[i] = &list[i]
		}
	}
	for _, l := range c.Limit {
		m.Limits = append(m.Limits, &Limit{Name: l.Name, Soft: l.Soft, Hard: l.Hard})
	}
	return m
}

func (d *decoder) command(field string, m *Command) *proffer.CommandInfo {
	if m == nil {
		return nil
	}
	c := &proffer.CommandInfo{Shell: string(m.GetShell()), User: m.GetUser()}
	if args := m.GetArgs(); len(args) > 0 {
		c.Args = make([]string, len(args))
		for i, arg := range args {
			c.Args[i] = string(arg)
		}
	}
	if list := m.GetEnvironment(); len(list) > 0 {
		c.Env = make(map[string]string, len(list))
		for _, v := range list {
			name := string(v.GetName())
			if _, twice := c.Env[name]; twice {
				d.fail(field, fmt.Errorf("environment variable %q is there twice", excerpt(name)))
			}
			c.Env[name] = string(v.GetValue())
		}
	}
	for _, l := range m.GetLimits() {
		c.Limit = append(c.Limit, proffer.Rlimit{Name: l.GetName(), Soft: l.GetSoft(), Hard: l.GetHard()})
	}
	return c
}

func encodeProbe(p *proffer.Probe) *Probe {
	m := &Probe{
		Command: encodeCommand(p.Command),
		Delay:   int64(p.Delay), Interval: int64(p.Interval), Timeout: int64(p.Timeout),
	}
	if h := p.HTTP; h != nil {
		m.Http = &HTTPProbe{Port: uint32(h.Port), Path: h.Path, Scheme: h.Scheme}
	}
	if p.TCP != nil {
		m.Tcp = &TCPProbe{Port: uint32(p.TCP.Port)}
	}
	return m
}

func (d *decoder) probe(field string, m *Probe) proffer.Probe {
	p := proffer.Probe{
		Command: d.command(field, m.GetCommand()),
		Delay:   time.Duration(m.GetDelay()), Interval: time.Duration(m.GetInterval()), Timeout: time.Duration(m.GetTimeout()),
	}
	if h := m.GetHttp(); h != nil {
		p.HTTP = &proffer.HTTPProbe{Port: d.port(field, h.GetPort()), Path: h.GetPath(), Scheme: h.GetScheme()}
	}
	if t := m.GetTcp(); t != nil {
		p.TCP = &proffer.TCPProbe{Port: d.port(field, t.GetPort())}
	}
	return p
}

func (d *decoder) port(field string, port uint32) uint16 {
	if port > math.MaxUint16 {
		d.fail(field, fmt.Errorf("port %d is above %d", port, math.MaxUint16))
	}
	return uint16(port)
}
