package wire

import (
	"errors"

	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
	"github.com/proffer-go/proffer/scheduler"
)

// sorts are the errors that callers tell apart, by how they are called.
var sorts = []struct {
	name string
	err  error
}{
	{"scheduler.ErrDuplicateTask", scheduler.ErrDuplicateTask},
	{"scheduler.ErrNotSubscribed", scheduler.ErrNotSubscribed},
	{"scheduler.ErrAlreadyRun", scheduler.ErrAlreadyRun},
	{"scheduler.ErrMasterClosed", scheduler.ErrMasterClosed},
	{"scheduler.ErrFrameworkRemoved", scheduler.ErrFrameworkRemoved},
	{"scheduler.ErrFailedOver", scheduler.ErrFailedOver},
	{"scheduler.ErrInvalidFramework", scheduler.ErrInvalidFramework},
	{"scheduler.ErrFrameworkIDMissing", scheduler.ErrFrameworkIDMissing},
	{"offers.ErrUnknownOffer", offers.ErrUnknownOffer},
	{"offers.ErrInsufficient", offers.ErrInsufficient},
	{"offers.ErrMixedOffers", offers.ErrMixedOffers},
	{"offers.ErrOperation", offers.ErrOperation},
	{"offers.ErrUnknownAgent", offers.ErrUnknownAgent},
	{"offers.ErrUnknownFramework", offers.ErrUnknownFramework},
	{"offers.ErrUnknownRole", offers.ErrUnknownRole},
	{"offers.ErrExists", offers.ErrExists},
	{"resources.ErrInvalid", resources.ErrInvalid},
	{"resources.ErrOverflow", resources.ErrOverflow},
	{"resources.ErrKind", resources.ErrKind},
	{"resources.ErrTwice", resources.ErrTwice},
}

func encodeError(err error) *Error {
	if err == nil {
		return nil
	}
	m := &Error{Text: []byte(err.Error())}
	for _, s := range sorts {
		if errors.Is(err, s.err) {
			m.Sorts = append(m.Sorts, s.name)
		}
	}
	return m
}

func decodeError(m *Error) error {
	if m == nil {
		return nil
	}
	e := &remoteError{text: string(m.GetText())}
	for _, name := range m.GetSorts() {
		for _, s := range sorts {
			if s.name == name {
				e.is = append(e.is, s.err)
			}
		}
	}
	return e
}

// remoteError is an error that was made on the other side.
type remoteError struct {
	text string
	is   []error
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.is }
