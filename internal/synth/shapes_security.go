package synth

// Who did it, as most audit events begin.
const subject = "SubjectUserSid:sid, SubjectUserName, SubjectDomainName, SubjectLogonId:h64, "

// Audit events of the channel Security.
var (
	secLogon = pAudit.event(kind{id: 4624, version: 2, task: 12544}, subject+`TargetUserSid:sid, TargetUserName, TargetDomainName, TargetLogonId:h64, LogonType:u32,
		LogonProcessName, AuthenticationPackageName, WorkstationName, LogonGuid:guid, TransmittedServices, LmPackageName, KeyLength:u32, ProcessId:size, ProcessName,
		IpAddress, IpPort, ImpersonationLevel, RestrictedAdminMode, TargetOutboundUserName, TargetOutboundDomainName, VirtualAccount, TargetLinkedLogonId:h64, ElevatedToken`)
	secLogonFailed = pAudit.event(kind{id: 4625, task: 12544, keywords: auditFailure}, subject+`TargetUserSid:sid, TargetUserName, TargetDomainName, Status:h32, FailureReason,
		SubStatus:h32, LogonType:u32, LogonProcessName, AuthenticationPackageName, WorkstationName, TransmittedServices, LmPackageName, KeyLength:u32, ProcessId:size, ProcessName,
		IpAddress, IpPort`)
	secLogoff     = pAudit.event(kind{id: 4634, task: 12545}, "TargetUserSid:sid, TargetUserName, TargetDomainName, TargetLogonId:h64, LogonType:u32")
	secUserLogoff = pAudit.event(kind{id: 4647, task: 12545}, "TargetUserSid:sid, TargetUserName, TargetDomainName, TargetLogonId:h64")
	secExplicit   = pAudit.event(kind{id: 4648, task: 12544}, subject+`LogonGuid:guid, TargetUserName, TargetDomainName, TargetLogonGuid:guid, TargetServerName, TargetInfo,
		ProcessId:size, ProcessName, IpAddress, IpPort`)
	secRegistry = pAudit.event(kind{id: 4657, task: 12801}, subject+`ObjectName, ObjectValueName, HandleId:size, OperationType, OldValueType, OldValue, NewValueType, NewValue,
		ProcessId:size, ProcessName`)
	secDirectory = pAudit.event(kind{id: 4662, task: 14080}, subject+`ObjectServer, ObjectType, ObjectName, OperationType, HandleId:size, AccessList, AccessMask:h32, Properties,
		AdditionalInfo, AdditionalInfo2`)
	secAccess       = pAudit.event(kind{id: 4663, version: 1, task: 12800}, accessFields)
	secAccessKernel = pAudit.event(kind{id: 4663, version: 1, task: 12802}, accessFields)
	secPrivileges   = pAudit.event(kind{id: 4672, task: 12548}, subject+"PrivilegeList")
	secProcess      = pAudit.event(kind{id: 4688, version: 2, task: 13312}, subject+`NewProcessId:size, NewProcessName, TokenElevationType, ProcessId:size, CommandLine, TargetUserSid:sid,
		TargetUserName, TargetDomainName, TargetLogonId:h64, ParentProcessName, MandatoryLabel:sid`)
	secProcessEnd   = pAudit.event(kind{id: 4689, task: 13313}, subject+"Status:h32, ProcessId:size, ProcessName")
	secService      = pAudit.event(kind{id: 4697, task: 12289}, subject+"ServiceName, ServiceFileName, ServiceType:h32, ServiceStartType:u32, ServiceAccount")
	secTask         = pAudit.event(kind{id: 4698, version: 1, task: 12804}, subject+taskTail)
	secTaskGone     = pAudit.event(kind{id: 4699, version: 1, task: 12804}, subject+taskTail)
	secPolicy       = pAudit.event(kind{id: 4719, task: 13568}, subject+"CategoryId, SubcategoryId, SubcategoryGuid:guid, AuditPolicyChanges")
	secUserCreated  = pAudit.event(kind{id: 4720, task: 13824}, "TargetUserName, TargetDomainName, TargetSid:sid, "+subject+userTail)
	secGroupGlobal  = pAudit.event(kind{id: 4728, task: 13826}, groupFields)
	secGroupLocal   = pAudit.event(kind{id: 4732, task: 13826}, groupFields)
	secTicketGrant  = pAudit.event(kind{id: 4768, task: 14339}, "TargetUserName, TargetDomainName, TargetSid:sid, ServiceName, ServiceSid:sid, TicketOptions:h32, Status:h32, TicketEncryptionType:h32, PreAuthType, IpAddress, IpPort, CertIssuerName, CertSerialNumber, CertThumbprint")
	secTicket       = pAudit.event(kind{id: 4769, task: 14337}, "TargetUserName, TargetDomainName, ServiceName, ServiceSid:sid, TicketOptions:h32, TicketEncryptionType:h32, IpAddress, IpPort, Status:h32, LogonGuid:guid, TransmittedServices")
	secNTLM         = pAudit.event(kind{id: 4776, task: 14336}, "PackageName, TargetUserName, Workstation, Status:h32")
	secReconnected  = pAudit.event(kind{id: 4778, task: 12551}, "AccountName, AccountDomain, LogonID:h64, SessionName, ClientName, ClientAddress")
	secDisconnected = pAudit.event(kind{id: 4779, task: 12551}, "AccountName, AccountDomain, LogonID:h64, SessionName, ClientName, ClientAddress")
	secMembers      = pAudit.event(kind{id: 4799, task: 13826}, "TargetUserName, TargetDomainName, TargetSid:sid, "+subject+"CallerProcessId:size, CallerProcessName")
	secShare        = pAudit.event(kind{id: 5140, version: 1, task: 12808}, subject+"ObjectType, IpAddress, IpPort, ShareName, ShareLocalPath, AccessMask:h32, AccessList")
	secShareFile    = pAudit.event(kind{id: 5145, task: 12811}, subject+"ObjectType, IpAddress, IpPort, ShareName, ShareLocalPath, RelativeTargetName, AccessMask:h32, AccessList, AccessReason")
	secVault        = pAudit.event(kind{id: 5379, task: 13824}, subject+"TargetName, Type:u32, CountOfCredentialsReturned:u32, ReadOperation, ReturnCode:u32, ProcessCreationTime:time, ClientProcessId:u32")
	secCleared      = cleared(chSecurity, 1102, 0x4020000000000000, "SubjectUserSid:sid, SubjectUserName, SubjectDomainName, SubjectLogonId:h64")
)

const (
	accessFields = subject + "ObjectServer, ObjectType, ObjectName, HandleId:size, AccessList, AccessMask:h32, ProcessId:size, ProcessName, ResourceAttributes"
	taskTail     = "TaskName, TaskContent, ClientProcessStartKey:u64, ClientProcessId:u32, ParentProcessId:u32, RpcCallClientLocality:u32, FQDN"
	userTail     = `PrivilegeList, SamAccountName, DisplayName, UserPrincipalName, HomeDirectory, HomePath, ScriptPath, ProfilePath, UserWorkstations, PasswordLastSet,
		AccountExpires, PrimaryGroupId, AllowedToDelegateTo, OldUacValue, NewUacValue, UserAccountControl, UserParameters, SidHistory, LogonHours`
	groupFields = "MemberName, MemberSid:sid, TargetUserName, TargetDomainName, TargetSid:sid, " + subject + "PrivilegeList"
)
