// Package record holds the messages of process containers and the form in
// which they are left in files.
//
// A record is a header (magic, version, kind, length and checksum) and a
// protobuf message. A file that was torn by a crash or written by a newer
// version is thus named as such, and never taken for a shorter message. Files
// are replaced atomically. There is no goroutine and no state here.
package record

//go:generate protoc --proto_path=../../../.. --go_out=../../../.. --go_opt=module=github.com/proffer-go/proffer containerizer/process/internal/record/record.proto
