// Package wire is the protobuf form of everything that passes between drivers,
// the master and agents, and of what they keep on disk.
//
// Each noun of package proffer and each value of package resources has a
// message, EncodeX makes it and DecodeX reads it; nothing gets lost on the way
// there and back. A nil pointer stays nil; an empty slice, map or byte slice
// comes back as nil where the two mean the same.
//
// Decoding trusts nobody. What is out of bounds, an enum value that is not
// known, an invalid id or resource is an error that names the field; nothing
// panics. Whether a description makes sense, such as a task with both a command
// and an executor, is for its receiver to judge, who has an answer to it.
//
// What was encoded shares slices and maps with its source: neither is changed.
package wire

//go:generate protoc --proto_path=../.. --go_out=../.. --go_opt=module=github.com/proffer-go/proffer internal/wire/noun.proto
