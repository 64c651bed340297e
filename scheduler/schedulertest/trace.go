package schedulertest

import (
	"fmt"
	"strings"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/scheduler"
)

// happening is one line of the trace, which is put into words when somebody
// reads it.
type happening struct {
	at    time.Duration
	who   string
	what  string
	about any   // a message, or a task
	pipe  *pipe // of a message
	fate  fate
}

// happens tells what somebody does, or what is done to it.
func (c *Cluster) happens(who, what string, about any) {
	c.record(happening{at: c.elapsed(), who: who, what: what, about: about})
}

// sent tells of a message.
func (c *Cluster) sent(p *pipe, message any, f fate) {
	c.stats.Messages++
	if c.history != nil || c.cfg.Trace != nil {
		c.record(happening{at: c.elapsed(), about: message, pipe: p, fate: f})
	}
}

func (c *Cluster) record(h happening) {
	if c.history != nil {
		c.history.remember(h)
	}
	if c.cfg.Trace != nil {
		if _, err := fmt.Fprintln(c.cfg.Trace, h); err != nil {
			c.violated("Config.Trace: %v", err)
		}
	}
}

// String returns the line: when, who, what.
func (h happening) String() string {
	if h.pipe == nil {
		if t, ok := h.about.(*Task); ok {
			return fmt.Sprintf("%12v %s: %s: %s/%s", h.at, h.who, h.what, t.FrameworkID, t.Info.ID)
		}
		return fmt.Sprintf("%12v %s: %s", h.at, h.who, h.what)
	}
	return fmt.Sprintf("%12v %s: %s%s", h.at, h.pipe.name(), describe(h.about), h.fate)
}

// String says what is out of the ordinary.
func (f fate) String() string {
	var b strings.Builder
	switch {
	case f.cut:
		b.WriteString(" (cut off)")
	case f.lost:
		b.WriteString(" (lost)")
	}
	if f.delay > 0 {
		fmt.Fprintf(&b, " (takes %v)", f.delay)
	}
	if f.twice {
		fmt.Fprintf(&b, " (again %v later)", f.again)
	}
	return b.String()
}

// describe puts a message into words.
func describe(message any) string {
	switch m := message.(type) {
	case nil:
		return "keepalive"
	case protocol.ToMaster:
		return describeToMaster(m)
	case protocol.ToAgent:
		return describeToAgent(m)
	case scheduler.Call:
		return describeCall(m)
	case scheduler.Event:
		return describeEvent(m)
	default:
		return nameOf(m)
	}
}

// nameOf returns the type of a message without its package.
func nameOf(message any) string {
	_, name, _ := strings.Cut(fmt.Sprintf("%T", message), ".")
	return strings.TrimSuffix(strings.TrimSuffix(name, "Call"), "Event")
}

func describeToMaster(message protocol.ToMaster) string {
	switch m := message.(type) {
	case *protocol.Register:
		list := []string{fmt.Sprintf("Register %q with %d tasks", string(m.Info.ID), len(m.Tasks))}
		for _, t := range m.Tasks {
			list = append(list, fmt.Sprintf("%s/%s %s", t.FrameworkID, t.Task.ID, t.State))
		}
		return strings.Join(list, ", ")
	case *protocol.StatusUpdate:
		return "StatusUpdate " + describeStatus(m.FrameworkID, m.Status)
	case *protocol.TaskEnded:
		return fmt.Sprintf("TaskEnded %s/%s %s", m.FrameworkID, m.TaskID, m.State)
	case *protocol.FrameworkEnded:
		return "FrameworkEnded " + string(m.FrameworkID)
	case *protocol.ExecutorExited:
		return fmt.Sprintf("ExecutorExited %s/%s", m.FrameworkID, m.ExecutorID)
	default:
		return nameOf(m)
	}
}

func describeToAgent(message protocol.ToAgent) string {
	switch m := message.(type) {
	case *protocol.Registered:
		return "Registered as " + string(m.AgentID)
	case *protocol.Refused:
		return "Refused: " + m.Message
	case *protocol.RunTasks:
		var ids []string
		for _, t := range m.Tasks {
			ids = append(ids, string(t.ID))
		}
		return fmt.Sprintf("RunTasks %s/%s", m.FrameworkID, strings.Join(ids, ","))
	case *protocol.KillTask:
		return fmt.Sprintf("KillTask %s/%s", m.FrameworkID, m.TaskID)
	case *protocol.Acknowledge:
		return fmt.Sprintf("Acknowledge %s/%s update %d", m.FrameworkID, m.TaskID, m.UpdateID)
	case *protocol.ShutdownFramework:
		return "ShutdownFramework " + string(m.FrameworkID)
	default:
		return nameOf(m)
	}
}

func describeStatus(id proffer.FrameworkID, s *proffer.TaskStatus) string {
	text := fmt.Sprintf("%s/%s %s", id, s.TaskID, s.State)
	if id == "" {
		text = text[1:]
	}
	if s.Reason != proffer.ReasonNone {
		text += " (" + s.Reason.String() + ")"
	}
	if s.UpdateID > 0 {
		text += fmt.Sprintf(" update %d", s.UpdateID)
	}
	return text
}

func describeCall(call scheduler.Call) string {
	switch c := call.(type) {
	case *scheduler.AcceptCall:
		return "Accept " + describeAnswer(c.OfferIDs, c.Operations)
	case *scheduler.AcceptAllCall:
		var list []string
		for _, a := range c.Answers {
			list = append(list, describeAnswer(a.OfferIDs, a.Operations))
		}
		return "AcceptAll " + strings.Join(list, "; ")
	case *scheduler.DeclineCall:
		return fmt.Sprintf("Decline %s", joined(c.OfferIDs))
	case *scheduler.AcknowledgeCall:
		return fmt.Sprintf("Acknowledge %s update %d", c.TaskID, c.UpdateID)
	case *scheduler.KillCall:
		return "Kill " + string(c.TaskID)
	case *scheduler.ReconcileCall:
		var ids []proffer.TaskID
		for _, ref := range c.Tasks {
			ids = append(ids, ref.TaskID)
		}
		return "Reconcile " + joined(ids)
	default:
		return nameOf(c)
	}
}

func describeAnswer(ids []proffer.OfferID, operations []offers.Operation) string {
	var b strings.Builder
	b.WriteString(joined(ids))
	for _, op := range operations {
		fmt.Fprintf(&b, " %s", strings.TrimPrefix(fmt.Sprintf("%T", op), "offers."))
		var tasks []proffer.TaskInfo
		switch op := op.(type) {
		case offers.Launch:
			tasks = op.Tasks
		case offers.LaunchGroup:
			tasks = op.Group.Tasks
		}
		for i := range tasks {
			fmt.Fprintf(&b, " %s with %s", tasks[i].ID, tasks[i].Resources)
		}
	}
	return b.String()
}

func describeEvent(event scheduler.Event) string {
	switch e := event.(type) {
	case *scheduler.SubscribedEvent:
		return "Subscribed as " + string(e.FrameworkID)
	case *scheduler.OffersEvent:
		var list []string
		for _, o := range e.Offers {
			list = append(list, fmt.Sprintf("%s of %s with %s", o.ID, o.AgentID, o.Resources))
		}
		return "Offers " + strings.Join(list, ", ")
	case *scheduler.RescindEvent:
		return "Rescind " + string(e.OfferID)
	case *scheduler.UpdateEvent:
		return "Update " + describeStatus("", &e.Status)
	case *scheduler.FailureEvent:
		return fmt.Sprintf("Failure %s %s: %s", e.AgentID, e.ExecutorID, e.Message)
	case *scheduler.ErrorEvent:
		return fmt.Sprintf("Error %v", e.Err)
	default:
		return nameOf(e)
	}
}

func joined[T ~string](ids []T) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return strings.Join(list, ",")
}
