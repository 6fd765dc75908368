package pipeline

import "sync/atomic"

// Progress counts what a run has done so far; any goroutine may read it at any time. A nil *Progress is one that nobody
// looks at.
type Progress struct {
	FilesFound, FilesDone     atomic.Int64
	BytesFound, BytesDone     atomic.Int64
	Records, Findings, Faults atomic.Int64
}

func (p *Progress) found(f *File) {
	if p == nil {
		return
	}
	p.FilesFound.Add(1)
	p.BytesFound.Add(f.Size)
}

func (p *Progress) parsed(records int64) {
	if p != nil {
		p.Records.Add(records)
	}
}

func (p *Progress) finished(f *File) {
	if p == nil {
		return
	}
	p.FilesDone.Add(1)
	p.BytesDone.Add(f.Size)
	if f.Unread() {
		p.Faults.Add(1)
	}
}
