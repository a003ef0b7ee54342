import Foundation
import LatheDiagnostics
import LatheJSON
import LathePassKit
import LathePasses
import Testing

@Suite struct GoldenTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

  static let files: [String] = {
    let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return all.filter { $0.hasSuffix(".ir") }.sorted()
  }()

  @Test(arguments: files) func golden(_ file: String) throws {
    let text = try String(contentsOf: Self.folder.appendingPathComponent(file), encoding: .utf8)
    let golden = try GoldenCase(text)
    if golden.isUnrecorded {
      let after = try golden.recorded()
      try (text + after).write(to: Self.folder.appendingPathComponent(file), atomically: true, encoding: .utf8)
      Issue.record("the graph after the pass was empty and has been recorded: read it, and run the tests again")
      return
    }
    #expect(file.hasPrefix(golden.pass.rawValue + "/"), "the case stands in another pass's folder")
    try checkPass(golden)
  }

  @Test func everyPassHasCasesThatMatchAndCasesThatDoNot() throws {
    // Cutting a vocabulary takes counts, and changes what inputs mean: VocabularyTests has its cases.
    for pass in PassCatalog.standard.all where pass.id != Trim.id {
      let cases = try Self.files.filter { $0.hasPrefix(pass.id.rawValue + "/") }.map {
        try GoldenCase(String(contentsOf: Self.folder.appendingPathComponent($0), encoding: .utf8))
      }
      #expect(cases.contains { $0.after != nil }, "\(pass.id) has no case that matches")
      #expect(cases.contains { $0.after == nil }, "\(pass.id) has no case that does not match")
    }
  }

  @Test func theCatalogListsEveryFileUnderItsID() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Passes")
      .standardized
    let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    // What stands deeper is part of a pass.
    let passes = files.filter { file in file.hasSuffix(".swift") && file.count { $0 == "/" } == 1 }
    let names = passes.map { $0.dropLast(6) }
    let ids = names.map { name in
      let parts = name.split(separator: "/")
      let kebab = parts[1].reduce(into: "") {
        $0 += $1.isUppercase ? ($0.isEmpty ? "" : "-") + $1.lowercased() : String($1)
      }
      let family = parts[0].lowercased()
      // Files of one module have different names: a pass whose name another family has as well begins with its own family.
      return "\(family)/\(kebab.hasPrefix("\(family)-") ? String(kebab.dropFirst(family.count + 1)) : kebab)"
    }
    #expect(Set(ids) == Set(PassCatalog.standard.all.map { $0.id.rawValue }))
  }
}

@Suite struct PassCatalogTests {
  @Test func unknownPassesAndOptionsNameTheNearest() throws {
    let pass = try #require(throws: Diagnostic.self) { try PassCatalog.standard.step("simplify/fold-constant") }
    #expect(pass.category == .usage)
    #expect(pass.fix?.contains("simplify/fold-constants") == true)
    let option = try #require(throws: Diagnostic.self) {
      try PassCatalog.standard.step("simplify/fold-constants", options: ["maximum-grow": 3])
    }
    #expect(option.fix?.contains("maximum-growth") == true)
    let value = try #require(throws: Diagnostic.self) {
      try PassCatalog.standard.step("simplify/fold-constants", options: ["maximum-growth": "many"])
    }
    #expect(value.message.contains("maximum-growth"))
    #expect(throws: Diagnostic.self) {
      try PassCatalog.standard.step("simplify/eliminate-identities", options: ["x": 1])
    }
  }
}
