package process

import (
	"errors"

	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// ErrRootInUse is wrapped by New's error when another Containerizer uses the
// same root directory.
var ErrRootInUse = errors.New("process: root directory is in use")

// What may be wrong with a record in the root directory. New refuses a root
// with records of a newer version of this package. A corrupt record of a
// container costs what it said: its labels, or how the container ended, which
// Wait then says together with containerizer.ErrExitUnknown.
var (
	ErrRecordCorrupt = record.ErrCorrupt
	ErrRecordVersion = record.ErrNewer
)
