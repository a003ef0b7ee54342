import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

/// Holds `Schemas/lathe-format.md` against the code.
@Suite struct SpecificationTests {
  private let specification: String

  init() throws {
    specification = try String(contentsOfFile: Repository.path("Schemas/lathe-format.md"), encoding: .utf8)
  }

  /// The rows of the table under a heading, without backquotes.
  private func table(_ heading: String) throws -> [[String]] {
    let start = try #require(
      specification.range(of: "\n## \(heading)\n") ?? specification.range(of: "\n### \(heading)\n"))
    let lines = specification[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
    let rows = lines.drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }.dropFirst(2)
    return rows.map { row in
      row.dropFirst().dropLast().split(separator: "|").map {
        $0.trimmingCharacters(in: .whitespaces).replacing("`", with: "")
      }
    }
  }

  /// The example's model.
  private func tinyModel() throws -> Model {
    var graph = Graph(name: "tiny")
    let x = try graph.addInput("x", type: .tensor(TensorType(.float32, ["batch", 17])))
    let w = try graph.addConstant("w", try Tensor((1...17).map { Float($0) }, shape: [17]))
    let node = try graph.addNode(Add(), inputs: [x, w], outputs: ["y"], name: "sum", provenance: .source("sum"))
    let y = try #require(graph[node].outputs[0])
    graph.setType(.tensor(TensorType(.float32, ["batch", 17])), of: y)
    graph.setOutputs([y])
    return Model(graph: graph, record: "{}")
  }

  @Test func headerFieldsAreWhereTheTableSays() throws {
    let rows = try table("Header")
    let file = try CompactWriter.bytes(of: tinyModel())
    var next = 0
    var fields: [String: UInt64] = [:]
    for row in rows {
      let (offset, size) = (try #require(Int(row[0])), try #require(Int(row[1])))
      #expect(offset == next, "\(row)")
      next = offset + size
      if size <= 8 { fields[row[2]] = SealedFile.number(file, offset, size) }
      if row[2] == "magic" {
        let magic = row[3].split(separator: " ").compactMap { UInt8($0, radix: 16) }
        #expect(magic == CompactLayout.magic && Array(file[offset..<offset + size]) == magic)
      }
    }
    #expect(next == CompactLayout.headerLength)
    #expect(fields["byteOrderMark"] == UInt64(CompactLayout.byteOrderMark))
    #expect(fields["majorVersion"] == UInt64(CompactLayout.majorVersion))
    #expect(fields["minorVersion"] == UInt64(CompactLayout.minorVersion))
    #expect(fields["sectionCount"] == 3)
    #expect(fields["headerLength"] == UInt64(CompactLayout.headerLength + 3 * CompactLayout.entryLength))
    #expect(fields["fileLength"] == UInt64(file.count))
    #expect(fields["reserved"] == 0)
    #expect(rows.first { $0[2] == "checksum" }?[0] == "\(CompactLayout.checksumOffset)")
  }

  @Test func sectionEntriesAreAsTheTableSays() throws {
    let rows = try table("Section table")
    let file = try CompactWriter.bytes(of: tinyModel())
    var next = 0
    var fields: [String: UInt64] = [:]
    for row in rows {
      let (offset, size) = (try #require(Int(row[0])), try #require(Int(row[1])))
      #expect(offset == next)
      next = offset + size
      fields[row[2]] = SealedFile.number(file, CompactLayout.headerLength + offset, size)
    }
    #expect(next == CompactLayout.entryLength)
    #expect(fields["kind"] == UInt64(CompactLayout.SectionKind.graph.rawValue))
    #expect(fields["flags"] == UInt64(CompactLayout.requiredFlag))
    let offset = try Int(#require(fields["offset"]))
    #expect(offset % CompactLayout.alignment == 0)
    let contents = try file[offset..<offset + Int(#require(fields["length"]))]
    #expect(fields["checksum"] == UInt64(SealedFile.crc(Array(contents))))
  }

  @Test func kindsFlagsAndTypesAreTheSame() throws {
    let kinds = try table("Kinds").map { "\($0[0]) \($0[1])" }
    #expect(kinds == CompactLayout.SectionKind.allCases.map { "\($0.rawValue) \($0)" })
    let flags = try table("Flags").map { $0[0] }
    #expect(flags == ["\(CompactLayout.requiredFlag)", "\(CompactLayout.piecesFlag)"])
    let types = try table("Element types").map { "\($0[0]) \($0[1]) \($0[2])" }
    #expect(types == DType.allCases.map { "\($0.rawValue) \($0.name) \($0.bitWidth)" })
    #expect(specification.contains("at most \(CompactLayout.maximumRank) axes"))
    #expect(specification.contains("multiple of \(CompactLayout.alignment)"))
  }

  /// The lines of the example's hex dump: an offset, bytes, and a comment behind `;`.
  @Test func exampleIsWhatIsWritten() throws {
    let file = try CompactWriter.bytes(of: tinyModel())
    var bytes: [UInt8] = []
    for line in specification.split(separator: "\n") where line.prefixMatch(of: /[0-9a-f]{4}  [0-9a-f]{2}/) != nil {
      let words = line.prefix { $0 != ";" }.split(separator: " ")
      #expect(Int(words[0], radix: 16) == bytes.count, "\(line)")
      bytes += words.dropFirst().compactMap { UInt8($0, radix: 16) }
    }
    let dump = file.map { String(format: "%02x", $0) }.joined(separator: " ")
    #expect(bytes == file, "the example in lathe-format.md should have the bytes \(dump)")
  }

  @Test(.enabled("needs python3") { try ProgramRun(["python3", "--version"]).status == 0 })
  func strangersReaderReadsWhatIsWritten() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("tiny.lathe")
    try CompactWriter.write(tinyModel(), to: path)
    let run = try ProgramRun(["python3", Repository.path("Tests/CompactFormat/read_lathe.py"), path])
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    let contents = (1...17).flatMap { SealedFile.encoded(Float($0).bitPattern) }
    #expect(run.output.contains("tensor 0: f32[17], 68 bytes, crc \(String(format: "%08x", SealedFile.crc(contents)))"))
    #expect(run.output.contains("graph 0: %y = Add(%x, %w)"))
  }
}
