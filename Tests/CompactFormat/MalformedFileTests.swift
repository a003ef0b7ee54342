import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct MalformedFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A small model with every section, padding between sections and tensors, and a captured value.
  static func smallModel() throws -> Model {
    var generator = ModelGenerator(seed: 42)
    var graph = Graph(name: "small")
    let x = try graph.addInput("x", type: .tensor(TensorType(.float32, ["batch", 5])))
    let w = try graph.addConstant("w", try generator.tensor(.float32, [4, 5]))
    _ = try graph.addConstant("v", try generator.tensor(.bool, [70]))
    let sum = try graph.addNode(Add(), inputs: [x, w], outputs: ["y"], provenance: .source("add"))
    let y = try #require(graph[sum].outputs[0])
    graph.setType(.tensor(TensorType(.float32, [4, 5])), of: y)
    var inner = Graph(name: "inner")
    inner.setOutputs([try inner.addCapture("c", type: nil)])
    let op = OpaqueOperator(name: OperatorName("Wrap"), version: 1, attributes: Attributes([("body", .graph(inner))]))
    let wrap = try graph.addNode(op, inputs: [y], captures: [y], outputs: ["z"], provenance: .pass("p", from: ["add"]))
    graph.setOutputs(graph[wrap].outputs.compactMap { $0 })
    return Model(
      graph: graph, text: TextAssets(vocabulary: Array("a\nb\n".utf8), labels: ["no", "yes"]),
      record: "{\"tool\": \"test\"}")
  }

  /// Reads bytes that are wrong; nil where they are refused as they should be, else what happened.
  private func accepted(_ bytes: [UInt8]) -> String? {
    do throws(Diagnostic) {
      _ = try folder.read(bytes)
      return "accepted"
    } catch {
      return error.category == .invalidInput && error.location.file != nil && error.fix != nil ? nil : "\(error)"
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try CompactWriter.bytes(of: Self.smallModel())
    for length in bytes.indices { #expect(accepted(Array(bytes[..<length])) == nil, "\(length) bytes") }
    #expect(accepted(bytes + [0]) == nil)
  }

  @Test func everyFlippedByteIsRefused() throws {
    let bytes = try CompactWriter.bytes(of: Self.smallModel())
    for position in bytes.indices {
      for mask: UInt8 in [1, 0x80, 0xFF] {
        var damaged = bytes
        damaged[position] ^= mask
        #expect(accepted(damaged) == nil, "byte \(position) ^ \(mask)")
      }
    }
  }

  @Test func damagedSectionsWithRightChecksumsDoNoHarm() throws {
    let iterations = ProcessInfo.processInfo.environment["LATHE_FUZZ"].flatMap(Int.init) ?? 6000
    var random = SeededGenerator(seed: 99)
    var generator = ModelGenerator(seed: 5)
    let seeds = try [Self.smallModel(), generator.model(), generator.model(), generator.model()]
      .map { SealedFile(try CompactWriter.bytes(of: $0)) }
    var survivors = 0
    for _ in 0..<iterations {
      var file = seeds[random.below(seeds.count)]
      let section = random.below(file.sections.count)
      guard !file.sections[section].bytes.isEmpty else { continue }
      for _ in 0...random.below(4) { mutate(&file.sections[section].bytes, &random) }
      do throws(Diagnostic) {
        let model = try folder.read(file.bytes)
        survivors += 1
        // What is accepted can be written.
        _ = try CompactWriter.bytes(of: model)
      } catch {
        #expect(error.category == .invalidInput, "\(error)")
      }
    }
    #expect(survivors > 0)
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let position = random.below(bytes.count)
    switch random.below(5) {
    case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[position] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)]
    case 2: bytes.remove(at: position)
    case 3: bytes.insert(contentsOf: random.bytes(random.below(4)), at: position)
    default:
      let end = Swift.min(bytes.count, position + random.below(20))
      bytes.insert(contentsOf: bytes[position..<end], at: random.below(bytes.count))
    }
  }

  @Test func randomBytesAreRefused() throws {
    var random = SeededGenerator(seed: 3)
    #expect(accepted([]) == nil)
    for text in ["{\"model\": 1}", "PK\u{3}\u{4}", "\u{89}LATHE"] { #expect(accepted(Array(text.utf8)) == nil) }
    for _ in 0..<200 {
      #expect(accepted(random.bytes(random.below(300))) == nil)
      #expect(accepted(CompactLayout.magic + [0xFF, 0xFE, 1, 0, 0, 0] + random.bytes(random.below(300))) == nil)
    }
  }

  @Test func placesThatDoNotExistAreNamed() throws {
    let error = #expect(throws: Diagnostic.self) {
      try CompactReader.read(path: folder.file("none.lathe"), limits: ResourceLimits(), catalog: .standard)
    }
    #expect(error?.category == .missingInput && error?.location.file == folder.file("none.lathe"))
  }

  // MARK: versions and sections

  private func id(of bytes: [UInt8], limits: ResourceLimits = ResourceLimits()) -> String? {
    do throws(Diagnostic) {
      _ = try folder.read(bytes, limits: limits)
      return nil
    } catch {
      #expect(error.category == .invalidInput)
      return error.id
    }
  }

  @Test func newerMajorVersionsAreRefused() throws {
    var file = SealedFile(try CompactWriter.bytes(of: Self.smallModel()))
    file.major = 2
    #expect(id(of: file.bytes) == "lathe/version")
  }

  @Test func unknownFieldsAreSkippedInNewerMinorVersionsOnly() throws {
    var file = SealedFile(try CompactWriter.bytes(of: Self.smallModel()))
    file.sections[0].bytes += ProtoWriter.message { $0.text(99, "new") }
    #expect(id(of: file.bytes) == "lathe/unknown-field")
    file.minor = 1
    #expect(id(of: file.bytes) == nil)
  }

  @Test func unknownSectionsAreSkippedUnlessRequired() throws {
    var file = SealedFile(try CompactWriter.bytes(of: Self.smallModel()))
    file.sections.append(SealedFile.Section(kind: 77, flags: 0, bytes: [1, 2, 3]))
    #expect(id(of: file.bytes) == nil)
    #expect(try folder.read(file.bytes).graph == Self.smallModel().graph)
    file.sections[file.sections.count - 1].flags = 1
    #expect(id(of: file.bytes) == "lathe/section-unknown")
    file.sections[file.sections.count - 1].flags = 2
    #expect(id(of: file.bytes) == "lathe/section-flags")
    file.sections[file.sections.count - 1].flags = 4
    #expect(id(of: file.bytes) == "lathe/section-flags")
  }

  @Test func sectionsMustBeThereOnce() throws {
    let file = SealedFile(try CompactWriter.bytes(of: Self.smallModel()))
    for index in file.sections.indices {
      var twice = file
      twice.sections.append(file.sections[index])
      #expect(id(of: twice.bytes) == "lathe/section-twice")
    }
    var without = file
    without.sections.remove(at: 0)
    #expect(id(of: without.bytes) == "lathe/section-missing")
    without = file
    without.sections.removeLast()
    #expect(id(of: without.bytes) == "lathe/section-missing")
    #expect(id(of: SealedFile(sections: []).bytes) == "lathe/section-missing")
  }

  @Test func recordsMustBeText() throws {
    var file = SealedFile(try CompactWriter.bytes(of: Self.smallModel()))
    let record = try #require(file.sections.firstIndex { $0.kind == 4 })
    file.sections[record].bytes = [0x7B, 0xFF, 0x7D]
    #expect(id(of: file.bytes) == "lathe/utf-8")
  }
}
