package executorwire

import (
	"fmt"
	"math"
	"syscall"
	"time"

	"github.com/proffer-go/proffer"
)

// EncodeStatus returns what an executor may say of s; the rest is the agent's.
func EncodeStatus(s *proffer.TaskStatus) *Update {
	u := &Update{
		TaskId: string(s.TaskID), State: s.State.String(), Reason: s.Reason.String(),
		Message: s.Message, Data: s.Data,
	}
	if !s.Time.IsZero() {
		u.Time = s.Time.UnixNano()
	}
	if s.Health != proffer.HealthUnknown {
		healthy := s.Health == proffer.Healthy
		u.Healthy = &healthy
	}
	if r := s.Check; r != nil {
		u.Check = &CheckResult{ExitCode: narrow(r.ExitCode), HttpStatus: narrow(r.HTTPStatus), Connected: r.Connected}
	}
	if e := s.Exit; e != nil {
		u.Exit = &Exit{Code: int32(e.Code), Signal: int32(e.Signal), Oom: e.OOM}
	}
	return u
}

// DecodeStatus is the inverse of EncodeStatus. What the status may say is not
// its concern.
func DecodeStatus(u *Update) (*proffer.TaskStatus, error) {
	state, err := proffer.ParseTaskState(u.GetState())
	if err != nil {
		return nil, fmt.Errorf("update: %w", err)
	}
	reason, err := proffer.ParseReason(u.GetReason())
	if err != nil {
		return nil, fmt.Errorf("update: %w", err)
	}
	s := &proffer.TaskStatus{
		TaskID: proffer.TaskID(u.GetTaskId()), State: state, Reason: reason, Message: u.GetMessage(), Data: u.GetData(),
	}
	if u.GetTime() != 0 {
		s.Time = time.Unix(0, u.GetTime())
	}
	if u.Healthy != nil {
		s.Health = proffer.Unhealthy
		if u.GetHealthy() {
			s.Health = proffer.Healthy
		}
	}
	if r := u.GetCheck(); r != nil {
		s.Check = &proffer.CheckResult{ExitCode: widen(r.ExitCode), HTTPStatus: widen(r.HttpStatus), Connected: r.Connected}
	}
	if e := u.GetExit(); e != nil {
		s.Exit = &proffer.ExitStatus{Code: int(e.GetCode()), Signal: syscall.Signal(e.GetSignal()), OOM: e.GetOom()}
	}
	return s, nil
}

func narrow(n *int) *int32 {
	if n == nil {
		return nil
	}
	v := int32(min(max(*n, math.MinInt32), math.MaxInt32))
	return &v
}

func widen(n *int32) *int {
	if n == nil {
		return nil
	}
	v := int(*n)
	return &v
}
