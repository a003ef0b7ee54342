import Foundation
import LatheDiagnostics
import LatheFiles
import LatheTestSupport
import Testing

@Suite struct OutputFileTests {
  @Test func aFileIsThereOnceItIsCommitted() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    let (file, other) = (try OutputFile(path: path), try OutputFile(path: folder.file("other")))
    try file.write([1, 2])
    try file.finish()
    try file.write([3])
    #expect(!folder.names.contains("out"))
    try file.commit()
    #expect(try folder.bytes("out") == [1, 2, 3])
    try other.commit()
    #expect(folder.names == ["other", "out"])
  }

  @Test func whatIsNotCommittedLeavesWhatWasThere() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("out", [7])
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
    do {
      let file = try OutputFile(path: path)
      try file.write([1])
    }
    #expect(try folder.names == ["out"] && folder.bytes("out") == [7])
    try OutputFile.write([8], to: path)
    #expect(try folder.names == ["out"] && folder.bytes("out") == [8])
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
  }

  @Test func aFolderThatIsNotThereIsADiagnostic() throws {
    let folder = try TemporaryFolder()
    let error = try #require(throws: Diagnostic.self) { try OutputFile(path: folder.file("absent/out")) }
    #expect(error.id == "file/unwritable" && error.category == .unwritableOutput)
  }
}
