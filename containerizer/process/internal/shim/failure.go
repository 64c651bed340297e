package shim

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// causes pairs the causes of a failure with the errors they stand for.
var causes = map[record.Failure_Cause]error{
	record.Failure_COMMAND_NOT_FOUND: containerizer.ErrCommandNotFound,
	record.Failure_NOT_EXECUTABLE:    containerizer.ErrNotExecutable,
	record.Failure_RLIMIT:            containerizer.ErrRlimit,
	record.Failure_SANDBOX:           containerizer.ErrSandbox,
	record.Failure_EXITED:            containerizer.ErrExited,
	record.Failure_NO_LIMITS:         containerizer.ErrNoLimits,
}

// failure says err in a message.
func failure(cause record.Failure_Cause, err error) *record.Failure {
	f := &record.Failure{Cause: cause, Message: strings.ToValidUTF8(err.Error(), "\uFFFD")}
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		f.Errno = uint32(errno)
	}
	return f
}

// failed is an error that came in a message.
type failed struct {
	message string
	causes  []error
}

func (e *failed) Error() string   { return e.message }
func (e *failed) Unwrap() []error { return e.causes }

// Err returns the error that a failure stands for, nil for none.
func Err(f *record.Failure) error {
	if f == nil {
		return nil
	}
	e := &failed{message: f.GetMessage()}
	if cause := causes[f.GetCause()]; cause != nil {
		e.causes = append(e.causes, cause)
		e.message = fmt.Sprintf("%v: %s", cause, e.message)
	}
	if f.GetErrno() != 0 {
		e.causes = append(e.causes, syscall.Errno(f.GetErrno()))
	}
	return e
}
